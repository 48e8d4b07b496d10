/** The numbers of lines that ask so many questions each: "1", "2–4" for a draw of three, nothing for a heading. */
export function numbers(asks: readonly number[]): string[] {
  let before = 0;
  return asks.map((each) => {
    const first = before + 1;
    before += each;
    if (each < 1) return "";
    return each === 1 ? `${first}` : `${first}–${before}`;
  });
}
