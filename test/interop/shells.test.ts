// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();
const CLI = join(import.meta.dirname, "../../bin/oci-kit");

/** The scripts call `oci-kit`, which has to be on the PATH. */
const environment = {
  ...process.env,
  PATH: `${scratch.make("bin")}:${process.env["PATH"] ?? ""}`,
  HOME: scratch.make("home"),
  TERM: "dumb",
};

function run(program: string, words: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, words, {
    cwd: scratch.make("here"),
    env: environment,
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}

beforeAll(() => {
  const program = `#!/bin/sh\nexec ${process.execPath} ${CLI} "$@"\n`;
  writeFileSync(scratch.path("bin", "oci-kit"), program, { mode: 0o755 });
  mkdirSync(scratch.path("root"));
  writeFileSync(scratch.path("root", "file"), "content");
  run("oci-kit", ["pack", scratch.path("root"), "oci:images:stable"]);
  writeFileSync(scratch.path("here", "saved.tar"), "");
  mkdirSync(scratch.path("functions"));
  writeFileSync(scratch.path("functions", "_oci-kit"), run("oci-kit", ["completion", "zsh"]));
  writeFileSync(scratch.path("bash"), run("oci-kit", ["completion", "bash"]));
  writeFileSync(scratch.path("fish"), run("oci-kit", ["completion", "fish"]));
});

/** What a user gets by pressing Tab in each shell, in the directory with the layout `images`. */
const COMPLETE: Readonly<Record<string, (line: string) => string>> = {
  bash: (line) =>
    run("bash", [
      ...["--norc", "-c"],
      `source ${scratch.path("bash")}
       COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
       COMP_LINE=$1 COMP_POINT=\${#1}; read -ra COMP_WORDS <<<"$1"; COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
       _oci_kit; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ...["bash", line],
    ]),
  fish: (line) => run("fish", ["-c", `source ${scratch.path("fish")}; complete -C '${line}'`]),
  zsh: (line) => run("zsh", ["-f", "-c", ZSH, "zsh", line, scratch.path("functions")]),
};

// zsh completes only in its line editor, which needs a terminal: zpty is one. The keys are Tab, and then Ctrl-A and
// Ctrl-E to put the line between quotes (npm sets EDITOR=vi, with which zsh would read them otherwise). The waits are
// bounded, because a shell that says nothing would hang the test.
const ZSH = `
zmodload zsh/zpty
seen=
wait_for() {
  for (( n = 0; n < 150; n++ )); do
    zpty -r -t shell part && seen+=$part
    [[ $seen == *"$1"* ]] && return
    sleep 0.2
  done
}
zpty shell zsh -f -i
zpty -w shell "bindkey -e; PROMPT=; fpath=($2 \\$fpath); autoload -U compinit; compinit -u -D; print -n rea; print dy"
wait_for ready
zpty -w -n shell "$1"$'\\t'
zpty -w -n shell $'\\x01print -r -- "<\\x05>"\\n'
wait_for $'\\n<'
wait_for '>'
print -r -- $seen
zpty -d shell
`;

describe.each(Object.keys(COMPLETE))("in %s, Tab completes", (shell) => {
  const complete = (line: string): string => COMPLETE[shell]?.(line) ?? "";

  // in bash its own "-o default" completes files, which nothing but its line editor does
  const files = shell === "bash" ? [] : [["a file", "oci-kit inspect sav", "saved.tar"]];

  it.each([
    ...files,
    ["a command", "oci-kit verify-l", "verify-links"],
    ["a command of a group", "oci-kit manifest pu", "push"],
    ["a flag", "oci-kit copy --dry", "--dry-run"],
    ["a tag of a layout", "oci-kit inspect oci:images:sta", "stable"],
  ])("%s", (_what, line, completed) => {
    const found = complete(line);
    expect(found).toContain(completed);
    expect(found).not.toContain("not found");
  });

  it("no file where a command is expected", () => {
    expect(complete("oci-kit ver")).not.toContain("saved.tar");
  });
});
