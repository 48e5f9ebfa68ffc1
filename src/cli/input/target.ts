// SPDX-License-Identifier: MIT
import { isStandardOutput } from "../../files/output/standard-output.ts";
import { formatLocation, type Location } from "../../image/location.ts";
import { OciError } from "../../oci/errors.ts";
import type { Session } from "../command.ts";
import { parseConfigured } from "./configured.ts";

/** Where a command writes its image. */
export interface ParsedTarget {
  readonly location: Location;
  /** Whether the image goes to stdout. The result must then go elsewhere. */
  readonly isStdout: boolean;
}

/**
 * Parses the reference that a command writes to.
 * @throws OciError `invalid-reference`; for an archive to stdout also what {@link claimStandardOutput} throws
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
 * Reserves stdout for binary data.
 * @throws OciError `invalid-argument` when stdout is a terminal, and with `--json`, whose document goes to stdout
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
