// One tooltip for the page, shown on hover and on keyboard focus. `use:tip={sentence}` also gives the sentence to
// assistive technology as the element's description.

interface Shown {
  text: string;
  x: number;
  y: number;
  below: boolean;
}

class TipState {
  shown: Shown | null = $state.raw(null);
}
export const tips = new TipState();

const DELAY_MS = 250;
let timer: ReturnType<typeof setTimeout> | undefined;
let owner: Element | null = null;

function place(node: Element, text: string): void {
  const box = node.getBoundingClientRect();
  const below = box.top < 90;
  owner = node;
  tips.shown = { text, x: box.left + box.width / 2, y: below ? box.bottom + 6 : box.top - 6, below };
}

function hide(node?: Element): void {
  if (node && owner !== node) return;
  clearTimeout(timer);
  owner = null;
  tips.shown = null;
}

export function tip(node: HTMLElement | SVGElement, sentence: string | null) {
  let text = sentence;
  const later = (event: Event) => {
    if ((event as PointerEvent).pointerType === 'touch') return;
    clearTimeout(timer);
    timer = setTimeout(() => text && node.isConnected && place(node, text), DELAY_MS);
  };
  const focus = () => {
    if (text && node.matches(':focus-visible')) place(node, text);
  };
  const leave = () => {
    clearTimeout(timer);
    hide(node);
  };
  const describe = () => {
    if (text) node.setAttribute('aria-description', text);
    else node.removeAttribute('aria-description');
  };
  node.addEventListener('pointerenter', later);
  node.addEventListener('pointerleave', leave);
  node.addEventListener('pointerdown', leave);
  node.addEventListener('focus', focus);
  node.addEventListener('blur', leave);
  describe();
  return {
    update(next: string | null) {
      if (next === text) return;
      text = next;
      describe();
      if (owner === node && text) place(node, text);
    },
    destroy: () => hide(node),
  };
}

addEventListener('scroll', () => hide(), { capture: true, passive: true });
