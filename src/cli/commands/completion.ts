// SPDX-License-Identifier: MIT
import { Argument } from "commander";
import { prose, withJson, type Register } from "../command.ts";
import { DONE } from "../exit-status.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

type Shell = (typeof SHELLS)[number];

export const completionCommand: Register = (program, invoke) => {
  withJson(program.command("completion"))
    .addArgument(new Argument("<SHELL>", "the shell").choices(SHELLS))
    .summary("what lets a shell complete commands, flags and tags")
    .description(
      prose(`
        Prints a script for the shell: commands, flags and files are completed, and the tags of the
        repository or the layout that a reference names.`),
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit completion bash > ~/.local/share/bash-completion/completions/oci-kit
  oci-kit completion zsh > ~/.zfunc/_oci-kit        # with fpath+=~/.zfunc before compinit
  oci-kit completion fish > ~/.config/fish/completions/oci-kit.fish`,
    )
    .action(async (shell: Shell, flags: { readonly json?: true }) =>
      invoke(flags, async () => {
        const { completionScript } = await import("../output/completion-script.ts");
        const script = completionScript(shell);
        return { status: DONE, document: { shell, script }, lines: script.trimEnd().split("\n") };
      }),
    );
};

/** The command that the completion scripts call. It is hidden because users never type it. */
export const completeCommand: Register = (program, invoke) => {
  program
    .command("__complete [WORDS...]", { hidden: true })
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .action(async (words: readonly string[]) =>
      invoke({ quiet: true }, async ({ context }) => {
        const { completeWords } = await import("../input/complete-words.ts");
        const lines = await completeWords(program, words, context);
        return { status: DONE, document: { words: lines }, lines };
      }),
    );
};
