// What the reader chose for this browser: language and theme. Kept in local storage, applied to <html>.

export type Language = 'en' | 'zh';
export type Theme = 'auto' | 'light' | 'dark';

const dark_query = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null;

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`gnomon.${name}`);
  } catch {
    return null; // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(`gnomon.${name}`, value);
  } catch {
    // See above.
  }
}

function first_language(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? stored('lang');
  if (asked === 'en' || asked === 'zh') return asked;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function first_theme(): Theme {
  const asked = stored('theme');
  return asked === 'light' || asked === 'dark' ? asked : 'auto';
}

class Prefs {
  language: Language = $state(first_language());
  theme: Theme = $state(first_theme());
  private system_dark = $state(dark_query?.matches ?? false);
  dark = $derived(this.theme === 'auto' ? this.system_dark : this.theme === 'dark');

  constructor() {
    dark_query?.addEventListener('change', (e) => (this.system_dark = e.matches));
  }

  set_language(language: Language): void {
    this.language = language;
    store('lang', language);
  }

  set_theme(theme: Theme): void {
    this.theme = theme;
    store('theme', theme);
  }

  /** Reactive: run it in an effect. */
  apply(): void {
    const root = document.documentElement;
    root.lang = this.language === 'zh' ? 'zh-CN' : 'en';
    root.dataset.theme = this.dark ? 'dark' : 'light';
  }
}

export const prefs = new Prefs();
