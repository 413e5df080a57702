// The current time as something that can be read reactively, one tick a second.

class Clock {
  now = $state(Date.now());
  constructor() {
    setInterval(() => (this.now = Date.now()), 1000);
  }
}

export const wall = new Clock();
