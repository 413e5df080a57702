// Fills {words} into a sentence. Pure.

export function fill(sentence: string, words?: Record<string, string | number>): string {
  if (!words) return sentence;
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in words ? String(words[name]) : whole));
}
