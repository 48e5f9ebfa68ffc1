// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { limitExceeded } from "../../oci/limits.ts";
import { OciError } from "../../oci/errors.ts";
import type { Context, Input } from "../context.ts";
import { printText } from "../output/print.ts";

/** A terminal on which a command asks its user. */
export interface Terminal {
  /** Asks for a line, which is shown while it is typed. */
  ask(question: string): Promise<string>;
  /** Asks for a line that is not shown. Ctrl-C ends it. @throws OciError `aborted` */
  askHidden(question: string): Promise<string>;
  /** Gives the terminal back as it was. It is not read any more. */
  close(): void;
}

/** What is read of stdin as a secret at the most, in bytes. */
const LONGEST_SECRET = 64 * 1024;

/** Opens the terminal of this command; undefined when stdin is none. */
export function openTerminal({
  stdin = process.stdin,
  stderr,
  signal,
}: Context): Terminal | undefined {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return undefined;
  const nextKey = readKeys(stdin, signal);
  const askWith = async (question: string, raw: boolean): Promise<string> => {
    stdin.setRawMode?.(raw);
    printText(stderr, question);
    try {
      return await readLine(nextKey.next);
    } finally {
      stdin.setRawMode?.(false);
      if (raw) printText(stderr, "\n");
    }
  };
  return {
    ask: (question) => askWith(question, false),
    askHidden: (question) => askWith(question, true),
    close: nextKey.close,
  };
}

/**
 * Reads a secret that is piped in: all of stdin, without the line's end after it.
 * @throws OciError `limit-exceeded`
 */
export async function readPiped({ stdin = process.stdin, signal }: Context): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stdin) {
    if (signal.aborted) throw stopped(signal);
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_SECRET) {
      throw limitExceeded({ what: "stdin", allowed: LONGEST_SECRET, unit: "bytes of a password" });
    }
  }
  return (text + decoder.decode()).replace(/\r?\n$/, "");
}

interface Keys {
  /** The next character; undefined at the end. @throws OciError `aborted` */
  readonly next: () => Promise<string | undefined>;
  readonly close: () => void;
}

function readKeys(stdin: Input, signal: AbortSignal): Keys {
  const chunks = stdin[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  const aborted = once(signal, "abort").catch(() => undefined);
  let waiting: string[] = [];
  return {
    next: async () => {
      while (waiting.length === 0) {
        if (signal.aborted) throw stopped(signal);
        const read = await Promise.race([chunks.next(), aborted]);
        if (read === undefined || Array.isArray(read)) throw stopped(signal);
        if (read.done === true) return undefined;
        const { value } = read;
        waiting = Array.from(
          typeof value === "string" ? value : decoder.decode(value, { stream: true }),
        );
      }
      return waiting.shift();
    },
    // Not waited for: while a key is waited for, it would be until the next one.
    close: () => void chunks.return?.().catch(() => undefined),
  };
}

function stopped({ reason }: AbortSignal): OciError {
  return new OciError("aborted", "stopped while it was waiting for input", { cause: reason });
}

const ENTER = new Set(["\r", "\n", undefined]);
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const BACKSPACE = new Set(["\u007f", "\b"]);

/** Reads keys to the end of a line. Without raw mode the terminal has already done the editing. */
async function readLine(next: Keys["next"]): Promise<string> {
  let line: string[] = [];
  for (;;) {
    const key = await next();
    if (ENTER.has(key) || key === CTRL_D) return line.join("");
    if (key === CTRL_C) {
      throw new OciError("aborted", "stopped by Ctrl-C", { details: { signal: "SIGINT" } });
    }
    if (key === CTRL_U) line = [];
    else if (BACKSPACE.has(key!)) line.pop();
    else if (key! >= " ") line.push(key!);
  }
}
