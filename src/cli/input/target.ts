// SPDX-License-Identifier: MIT
import { isStandardOutput } from "../../files/output/standard-output.ts";
import { formatLocation, type Location } from "../../image/location.ts";
import { OciError } from "../../oci/errors.ts";
import type { Session } from "../command.ts";
import { parseConfigured } from "./configured.ts";

/** What a command writes to. */
export interface ParsedTarget {
  readonly location: Location;
  /** Whether its bytes go to stdout, which then can't take the result too. */
  readonly isStdout: boolean;
}

/**
 * Parses the reference that a command writes to.
 * @throws OciError `invalid-reference`; as {@link claimStandardOutput} for an archive that goes to stdout
 */
export async function parseTarget(
  text: string,
  dryRun: boolean,
  session: Session,
): Promise<ParsedTarget> {
  const location = await parseConfigured(text, session.context);
  const isStdout = "file" in location && isStandardOutput(location.file) && !dryRun;
  if (isStdout) {
    const hint = `Name a file, as ${location.kind}:FILE, or send it to a program: … | docker load`;
    claimStandardOutput(formatLocation(location), hint, session);
  }
  return { location, isStdout };
}

/**
 * Takes stdout for bytes that are no text.
 * @throws OciError `invalid-argument` when it is a terminal, and with `--json`, whose document belongs there
 */
export function claimStandardOutput(
  what: string,
  hint: string,
  { context, json }: Pick<Session, "context" | "json">,
): void {
  const got = json
    ? "--json, whose document goes there too"
    : context.stdout.isTTY === true
      ? "a terminal"
      : undefined;
  if (got === undefined) return;
  const expected = json ? "stdout to take one thing" : "a pipe or a file for stdout";
  throw new OciError("invalid-argument", `${what}: expected ${expected}, got ${got}`, { hint });
}
