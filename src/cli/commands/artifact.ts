// SPDX-License-Identifier: MIT
import { parseDirectory } from "../input/directory-argument.ts";
import type { Command } from "commander";
import {
  collect,
  prose,
  withRegistry,
  withReplace,
  type Invoke,
  type Register,
} from "../command.ts";
import type { PullFlags, PushArtifactFlags } from "./artifact-files.ts";

export const artifactCommand: Register = (program, invoke) => {
  const artifact = program.command("artifact").summary("files as artifacts, in any store");
  registerPush(artifact, invoke);
  registerAttach(artifact, invoke);
  registerPull(artifact, invoke);
};

function withArtifact(command: Command): Command {
  return withRegistry(command)
    .requiredOption("--type <TYPE>", "the kind of artifact, a media type")
    .option("--annotation <NAME=VALUE>", "of the artifact; may be repeated", collect)
    .option("--dry-run", "say what would be written");
}

function registerPush(artifact: Command, invoke: Invoke): void {
  withReplace(withArtifact(artifact.command("push <REF> <FILE...>")))
    .summary("files under a tag")
    .description(
      prose(`
        Writes files and directories as one artifact. Each is pulled again under the name that it was
        given by; a path that leads out of the working directory under its last part. FILE:TYPE says
        its media type. A directory becomes a tar of root's. The same files give the same artifact, and
        oras reads it.`),
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit artifact push oci:out/notes:1 notes.md:text/markdown --type application/vnd.example.notes
  oci-kit artifact push ghcr.io/family/config:1 config/ --type application/vnd.example.config`,
    )
    .action(async (target: string, files: readonly string[], flags: PushArtifactFlags) =>
      invoke(flags, async (session) => {
        const { push } = await import("./artifact-files.ts");
        return push(target, files, flags, session);
      }),
    );
}

function registerAttach(artifact: Command, invoke: Invoke): void {
  withArtifact(artifact.command("attach <REF> <FILE...>"))
    .summary("files about an image or an index")
    .description(
      prose(`
        Writes files as an artifact about what REF names, beside it: a signature, an SBOM, a report. It
        has no tag and is found by what it is about; copy --referrers takes it along.`),
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit artifact attach oci:out/image:1 sbom.json:application/spdx+json --type application/spdx+json
  oci-kit artifact attach ghcr.io/family/image:1 report.html --type application/vnd.example.report`,
    )
    .action(async (subject: string, files: readonly string[], flags: PushArtifactFlags) =>
      invoke(flags, async (session) => {
        const { attach } = await import("./artifact-files.ts");
        return attach(subject, files, flags, session);
      }),
    );
}

function registerPull(artifact: Command, invoke: Invoke): void {
  withRegistry(artifact.command("pull <REF> <DIR>"))
    .summary("the files of an artifact")
    .description(
      prose(`
        Writes the files of an artifact into a directory under their titles, and unpacks those that are
        directories. All are fetched and verified first. Nothing is written outside DIR, whatever the
        titles say, and through no link; what is there already is refused without --replace.`),
    )
    .option("--replace", "write over what is there")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit artifact pull oci:out/notes:1 out/pulled
  oci-kit artifact pull --replace ghcr.io/family/config:1 .`,
    )
    .action(async (source: string, directory: string, flags: PullFlags) =>
      invoke(flags, async (session) => {
        const { pull } = await import("./artifact-files.ts");
        return pull(
          source,
          parseDirectory(directory, "oci-kit artifact pull REF DIR"),
          flags,
          session,
        );
      }),
    );
}
