// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { formatCommand } from "./shell-command.ts";

const WORDS = [
  "plain",
  "",
  "two words",
  "it's",
  '"quoted" $HOME `id` \\',
  "line\nbreak",
  "escape \u001b[31m and 'quote' \\ \u202e",
  "*?[a]~!",
  "ä€😀",
];

it("a command that is pasted into a shell arrives word by word as it was", () => {
  const program = process.execPath;
  const script = "process.stdout.write(JSON.stringify([process.argv.slice(1), process.env.NOTE]))";
  const line = formatCommand({
    program,
    words: ["-e", script, "--", ...WORDS],
    env: { NOTE: "a b" },
  });
  const told = JSON.parse(execFileSync("bash", ["-c", line], { encoding: "utf8" })) as unknown;
  expect(told).toEqual([WORDS, "a b"]);
});

it("a command with control characters shows none to the terminal", () => {
  expect(formatCommand({ program: "a", words: ["\u001b[2J"] })).toBe("a $'\\033[2J'");
});
