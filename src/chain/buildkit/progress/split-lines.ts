// SPDX-License-Identifier: MIT

/** Splits bytes that come in pieces into lines of text. */
export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Gives what came after the last newline, if anything did. */
  end(): void;
}

/**
 * Gives each line without its newline, and without a carriage return before it. A line that gets longer than
 * `longest` characters is given in pieces of that length, so that a stream without newlines takes no more memory.
 * @param whole whether a line is the rest of one (true) or a piece of one that goes on
 */
export function splitLines(
  longest: number,
  onLine: (line: string, whole: boolean) => void,
): LineSplitter {
  const decoder = new TextDecoder();
  let rest = "";
  const take = (text: string): void => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) give(line.endsWith("\r") ? line.slice(0, -1) : line);
    for (; rest.length > longest; rest = rest.slice(longest)) onLine(rest.slice(0, longest), false);
  };
  const give = (line: string): void => {
    let from = 0;
    for (; line.length - from > longest; from += longest)
      onLine(line.slice(from, from + longest), false);
    onLine(line.slice(from), true);
  };
  return {
    push: (chunk) => take(decoder.decode(chunk, { stream: true })),
    end: () => {
      take(decoder.decode());
      if (rest !== "") give(rest);
      rest = "";
    },
  };
}
