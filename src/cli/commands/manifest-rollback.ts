// SPDX-License-Identifier: MIT
import { isDigest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { indexTagOf } from "../../publish/edit/tagged-index.ts";
import { rollbackIndex, type RolledBack } from "../../publish/edit/rollback-index.ts";
import type { Outcome, Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { findConfiguredFor, parseConfigured } from "../input/configured.ts";
import { referenceOptions } from "../input/reference-options.ts";

/** The flags of `oci-kit manifest rollback`, as they were typed. */
export interface RollbackFlags {
  readonly json?: true;
  readonly to?: string;
  readonly dryRun?: true;
}

/** Runs `oci-kit manifest rollback`. */
export async function rollback(
  index: string,
  flags: RollbackFlags,
  session: Session,
): Promise<Outcome> {
  const { to, dryRun } = flags;
  if (to !== undefined && !isDigest(to)) {
    throw new OciError(
      "invalid-argument",
      `--to: expected the whole digest of an index, as sha256:…, got ${quote(to)}`,
    );
  }
  const location = await parseConfigured(index, session.context);
  const tag = indexTagOf(location);
  const held = await findConfiguredFor(location, session.context);
  const options = await referenceOptions({ ...(dryRun === true && { dryRun }) }, session);
  const aliases = held?.document.aliases?.[tag];
  const done = await rollbackIndex(location, { ...options, to, aliases });
  return outcomeOf(done, index, dryRun === true);
}

function outcomeOf(done: RolledBack, typed: string, dryRun: boolean): Outcome {
  const { store, tag, from, to, tags, left, dropped } = done;
  const verb = dryRun ? "would set" : "set";
  const what = tags.length === 0 ? "nothing to do" : `was ${from.digest}`;
  return {
    status: DONE,
    document: {
      ...{ store, tag, dryRun, before: from.digest, digest: to.digest },
      tags: tags.map(({ tag: name, from: was, to: is }) => ({ tag: name, from: was, to: is })),
      ...{ left, dropped },
    },
    lines: [
      `${dryRun ? "would roll back " : ""}${store}:${tag} ${to.digest} (${what})`,
      ...tags.map(({ tag: name, from: was, to: is }) => {
        return `${verb} ${name} to ${is}${was === undefined ? "" : ` (was ${was})`}`;
      }),
      ...(dryRun || tags.length === 0
        ? []
        : [`to undo this: oci-kit manifest rollback ${typed} --to ${from.digest}`]),
    ],
    notices: [
      ...dropped.map((platform) => `${platform} is not in that index; its own tag stays`),
      ...left.map(
        ({ tag: name, digest }) =>
          `alias ${name} stays: it names ${digest ?? "nothing"}, not what ${tag} named`,
      ),
    ],
  };
}
