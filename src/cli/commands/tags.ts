// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { findConfigured, noConfiguration, openConfigured } from "../input/configured.ts";
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
      invoke(flags, (session) => listTags(repository, session)),
    );
};

async function listTags(repository: string | undefined, { context }: Session): Promise<Outcome> {
  const name = repository ?? (await findConfigured(context))?.image;
  if (name === undefined) {
    throw noConfiguration("tags", "Name the repository: oci-kit tags ghcr.io/family/image");
  }
  const from = await openConfigured(name, context);
  try {
    const list = from.store.capabilities.tags;
    if (list === undefined) {
      throw new OciError("unsupported-operation", `${from.store.name}: it can't list its tags`);
    }
    const tags = await list({ signal: context.signal });
    return {
      status: DONE,
      document: { store: from.store.name, tags },
      text: tags.map((tag) => `${tag}\n`).join(""),
    };
  } finally {
    await from.close();
  }
}
