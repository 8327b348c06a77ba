/** A text of at most so many letters, and an ellipsis where it was longer: names from a file have any length. */
export function cutText(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
