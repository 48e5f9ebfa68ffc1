// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import type { Context } from "../context.ts";
import { findConfigured, noConfiguration } from "../input/configured.ts";
import { DONE } from "../exit-status.ts";

export const catalogCommand: Register = (program, invoke) => {
  withRegistry(program.command("catalog [HOST]"))
    .summary("the repositories of a registry")
    .description(
      prose(`
        Lists the repositories that a registry shows, one a line, sorted. Many public registries show
        none. Default: the registry of the configured repository.`),
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit catalog
  oci-kit catalog localhost:5000`,
    )
    .action(async (host: string | undefined, flags: { readonly json?: true }) =>
      invoke(flags, (session) => tell(host, session)),
    );
};

async function tell(host: string | undefined, { context }: Session): Promise<Outcome> {
  const { listCatalog } = await import("../../image/by-reference/list-catalog.ts");
  const { signal, registry: reach } = context;
  const name = host === undefined ? await configuredHost(context) : hostIn(host);
  const { registry, repositories } = await listCatalog(name, { signal, registry: reach });
  return { status: DONE, document: { registry, repositories }, lines: repositories };
}

async function configuredHost(context: Context): Promise<string> {
  const image = (await findConfigured(context))?.image;
  if (image === undefined) {
    throw noConfiguration("catalog", "Name the registry: oci-kit catalog localhost:5000");
  }
  const { parseReference } = await import("../../oci/reference.ts");
  return parseReference(image).registry;
}

/** A host as it is typed. A typing error never leaves the machine: it has a dot or a port, or is localhost. */
function hostIn(text: string): string {
  const host = text.replace(/^docker:\/\//, "").replace(/\/$/, "");
  if (!/[/@]/.test(host) && (/^[^:]*\.|:\d+$|^\[/.test(host) || host === "localhost")) return host;
  throw new OciError(
    "invalid-reference",
    `catalog: expected a registry's host, got ${quote(text)}`,
    {
      hint: hintFor(text),
    },
  );
}

function hintFor(text: string): string {
  const [, scheme, host = ""] = /^(?:(https?):\/\/)?([^/]*)/.exec(text) ?? [];
  if (/^(?:oci|oci-layout|oci-archive|docker-archive|dir):/.test(text)) {
    return `A layout or an archive is one repository: oci-kit tags ${text}`;
  }
  if (scheme !== undefined) return `A host has no scheme: oci-kit catalog ${host}`;
  if (/[.:]/.test(host) || host === "localhost") {
    return `For the repositories: oci-kit catalog ${host}; for the tags of one: oci-kit tags ${text}`;
  }
  return "A host has a dot or a port, or is localhost: oci-kit catalog localhost:5000";
}
