// SPDX-License-Identifier: MIT
import type { TaggedRootList } from "../../image/by-reference/list-tags.ts";
import { withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { findConfigured, noConfiguration, parseConfigured } from "../input/configured.ts";
import { DONE } from "../exit-status.ts";
import { table } from "../../report/text/format.ts";

interface TagsFlags {
  readonly json?: true;
  readonly digests?: true;
}

export const tagsCommand: Register = (program, invoke) => {
  withRegistry(program.command("tags [REPOSITORY]"))
    .summary("the tags of a repository, a layout or an archive")
    .description("Lists tags, one a line, sorted. Default: those of the configured repository.")
    .option("--digests", "with the digest that each names, a request for each at a registry")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit tags
  oci-kit tags ghcr.io/family/image
  oci-kit tags --digests ghcr.io/family/image
  oci-kit tags oci:out/mirror`,
    )
    .action(async (repository: string | undefined, flags: TagsFlags) =>
      invoke(flags, (session) => tell(repository, flags, session)),
    );
};

async function tell(
  repository: string | undefined,
  flags: TagsFlags,
  { context }: Session,
): Promise<Outcome> {
  const { listTaggedRoots, listTags } = await import("../../image/by-reference/list-tags.ts");
  const name = repository ?? (await findConfigured(context))?.image;
  if (name === undefined) {
    throw noConfiguration("tags", "Name the repository: oci-kit tags ghcr.io/family/image");
  }
  const { signal, registry } = context;
  const location = await parseConfigured(name, context);
  const options = { signal, registry };
  if (flags.digests === true) return withDigests(await listTaggedRoots(location, options));
  const { store, tags } = await listTags(location, options);
  return { status: DONE, document: { store, tags }, lines: tags };
}

function withDigests({ store, roots }: TaggedRootList): Outcome {
  const lost = roots.filter(({ descriptor }) => descriptor === undefined);
  const digests = roots.map(({ tag, descriptor }) => ({
    tag,
    ...(descriptor && { digest: descriptor.digest, mediaType: descriptor.mediaType }),
  }));
  return {
    status: DONE,
    document: { store, tags: roots.map(({ tag }) => tag), digests },
    lines: table(roots.map(({ tag, descriptor }) => [tag, descriptor?.digest ?? "names nothing"])),
    notices: lost.map(({ tag }) => `the tag ${tag} is listed, and names nothing`),
  };
}
