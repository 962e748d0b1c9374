/** Where a text stops being JSON (RFC 8259): `JSON.parse` says so only for some faults. */

const SPACE = /[\t\n\r ]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 forbids exactly these inside a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** @returns the 0-based position of the first character that cannot stand there (the length: it ends too early), or null */
export function jsonFaultPosition(text: string): number | null {
  const open: ("{" | "[")[] = [];
  let at = 0;
  const skip = (token: RegExp): boolean => {
    token.lastIndex = at;
    if (!token.test(text)) return false;
    at = token.lastIndex;
    return true;
  };
  const space = () => skip(SPACE);
  const punctuation = (mark: string): boolean => {
    space();
    if (text[at] !== mark) return false;
    at += 1;
    return true;
  };
  const key = (): boolean => {
    space();
    return skip(STRING) && punctuation(":");
  };
  /** Closes what ends here and goes on to the next element. @returns false: fault; "end": the whole text is read */
  const afterValue = (): boolean | "end" => {
    for (;;) {
      const inside = open.at(-1);
      if (inside === undefined) {
        space();
        return at === text.length ? "end" : false;
      }
      if (punctuation(",")) return inside === "[" || key();
      if (!punctuation(inside === "[" ? "]" : "}")) return false;
      open.pop();
    }
  };
  for (;;) {
    space();
    const mark = text[at];
    let ended = true;
    if (mark === "{" || mark === "[") {
      at += 1;
      if (!punctuation(mark === "{" ? "}" : "]")) {
        open.push(mark);
        if (mark === "{" && !key()) return at;
        ended = false;
      }
    } else if (!skip(STRING) && !skip(SCALAR)) return at;
    if (!ended) continue;
    const next = afterValue();
    if (next === "end") return null;
    if (!next) return at;
  }
}
