// SPDX-License-Identifier: MIT
import {
  collect,
  prose,
  withRegistry,
  withReplace,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseTarget } from "../input/target.ts";
import { referenceOptions } from "../input/reference-options.ts";
import { editedOutcome } from "./edited-outcome.ts";
import { showWriting } from "../progress/show-copy.ts";
import type { ConfigFlags } from "./config-flags.ts";

export const configCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("config <SRC> <DST>")))
    .summary("an image with another configuration")
    .description(
      prose(`
        Changes what an image says of itself: environment, command, labels and the rest. No layer is
        read, and nothing changes that no flag names: an entrypoint leaves the command alone, and what
        is unknown here stays. An empty value takes a setting away. Of an index every image is
        changed, unless --platform takes one; attestations of images that change are left out.`),
    )
    .option("--env <NAME=VALUE>", "set a variable; may be repeated", collect)
    .option("--unset-env <NAME>", "remove a variable; may be repeated", collect)
    .option("--clear-env", "remove all variables first")
    .option("--entrypoint <WORDS>", `a word, or several as '["sh","-c","…"]'`)
    .option("--cmd <WORDS>", "the command, as --entrypoint")
    .option("--user <USER>", "user, or user:group")
    .option("--workdir <DIR>", "the working directory")
    .option("--label <NAME=VALUE>", "set a label; may be repeated", collect)
    .option("--unset-label <NAME>", "remove a label; may be repeated", collect)
    .option("--annotation <NAME=VALUE>", "set an annotation; may be repeated", collect)
    .option("--unset-annotation <NAME>", "remove an annotation; may be repeated", collect)
    .option("--expose <PORT>", "as 8080 or 53/udp; may be repeated", collect)
    .option("--unexpose <PORT>", "remove a port; may be repeated", collect)
    .option("--volume <DIR>", "add a volume; may be repeated", collect)
    .option("--unset-volume <DIR>", "remove a volume; may be repeated", collect)
    .option("--stop-signal <SIGNAL>", "as SIGINT")
    .option("--healthcheck-cmd <COMMAND>", 'for the shell, or words as \'["curl","-f","…"]\'')
    .option("--healthcheck-interval <TIME>", "as 30s")
    .option("--healthcheck-timeout <TIME>", "as 5s")
    .option("--healthcheck-start-period <TIME>", "as 1m")
    .option("--healthcheck-retries <N>", "failures before it counts")
    .option("--no-healthcheck", "turn the health check off")
    .option("--onbuild <INSTRUCTION>", "for images built on this one; may be repeated", collect)
    .option("--shell <WORDS>", "the shell of commands that are text, as --entrypoint")
    .option("--args-escaped <BOOLEAN>", "Windows: the command is one escaped line")
    .option("--author <TEXT>", "who made it")
    .option("--created <TIME>", "when, as 2026-01-31T12:00:00Z")
    .option("--set-platform <PLATFORM>", "say that it is for this platform, as linux/riscv64")
    .option("--platform <PLATFORM>", "only the image of an index for this platform")
    .option("--dry-run", "say what would be written")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit config latest-cross stable --label version=3 --unset-env DEBUG
  oci-kit config oci:image oci:image:server --entrypoint '["/init","--quiet"]' --cmd ''
  oci-kit config HOST/REPO:1 HOST/REPO:2 --user 1000:1000 --expose 8080 --no-healthcheck`,
    )
    .action(async (source: string, destination: string, flags: ConfigFlags) =>
      invoke(flags, (session) => changeConfig(source, destination, flags, session)),
    );
};

async function changeConfig(
  source: string,
  destination: string,
  flags: ConfigFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const [{ editReference }, { configEditsOf }, { editConfig }] = await Promise.all([
    import("../../image/by-reference/edit-reference.ts"),
    import("./config-flags.ts"),
    import("../../image/edit/edit-config.ts"),
  ]);
  const edits = configEditsOf(flags, session.warn);
  const options = await referenceOptions(flags, session);
  const to = await parseTarget(destination, options.dryRun, session);
  const edited = await editReference(
    await parseConfigured(source, context),
    to.location,
    (view) => editConfig(view, edits),
    { ...options, onProgress: showWriting(progress) },
  );
  return editedOutcome(edited, options.dryRun, to.isStdout);
}
