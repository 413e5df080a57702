// Fills {words} into a sentence. Pure.

/** Sentences taken apart once: text and the name of a word in turns. */
const parts_of = new Map<string, string[]>();

export function fill(sentence: string, words?: Record<string, string | number>): string {
  if (!words) return sentence;
  let parts = parts_of.get(sentence);
  if (!parts) parts_of.set(sentence, (parts = sentence.split(/\{(\w+)\}/)));
  let filled = parts[0]!;
  for (let i = 1; i < parts.length; i += 2) {
    const name = parts[i]!;
    filled += (name in words ? words[name]! : `{${name}}`) + parts[i + 1]!;
  }
  return filled;
}
