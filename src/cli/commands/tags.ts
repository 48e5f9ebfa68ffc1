// SPDX-License-Identifier: MIT
import { withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { findConfigured, noConfiguration, parseConfigured } from "../input/configured.ts";
import { DONE } from "../exit-status.ts";

export const tagsCommand: Register = (program, invoke) => {
  withRegistry(program.command("tags [REPOSITORY]"))
    .summary("the tags of a repository, a layout or an archive")
    .description("Lists tags, one a line, sorted. Default: those of the configured repository.")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit tags
  oci-kit tags ghcr.io/family/image
  oci-kit tags oci:out/mirror`,
    )
    .action(async (repository: string | undefined, flags: { readonly json?: true }) =>
      invoke(flags, (session) => tell(repository, session)),
    );
};

async function tell(repository: string | undefined, { context }: Session): Promise<Outcome> {
  const { listTags } = await import("../../image/by-reference/list-tags.ts");
  const name = repository ?? (await findConfigured(context))?.image;
  if (name === undefined) {
    throw noConfiguration("tags", "Name the repository: oci-kit tags ghcr.io/family/image");
  }
  const { signal, registry } = context;
  const { store, tags } = await listTags(await parseConfigured(name, context), {
    signal,
    registry,
  });
  return { status: DONE, document: { store, tags }, lines: tags };
}
