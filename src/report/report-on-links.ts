// SPDX-License-Identifier: MIT
import type { LinkReport } from "../verify/link-report.ts";
import { verifyRoots, type VerifyRootsOptions } from "../verify/verify-roots.ts";
import type { Report, ReportedImage, ReportSubject } from "./report.ts";

export interface ReportOnLinksOptions extends Omit<VerifyRootsOptions, "expect"> {
  readonly tool: Report["tool"];
}

/** A reference or a path, what to call it, and where links have to end there. */
export interface AskedLinks extends Pick<VerifyRootsOptions, "expect"> {
  readonly reference: string;
  readonly location: string;
}

/**
 * Follows the links of every root filesystem that some references name, as `verifyRoots` does, into one report.
 * A path may hold several root filesystems, which are subjects of their own.
 * @throws what `verifyRoots` throws
 */
export async function reportOnLinks(
  asked: readonly (AskedLinks | string)[],
  { tool, ...options }: ReportOnLinksOptions,
): Promise<Report> {
  const subjects: ReportSubject[] = [];
  for (const one of asked) {
    const { reference, location, expect } =
      typeof one === "string" ? { reference: one, location: one, expect: undefined } : one;
    const reports = await verifyRoots([location], { ...options, expect });
    for (const links of reports) {
      subjects.push({
        reference: reports.length === 1 ? reference : links.name,
        verified: undefined,
        images: [imageOf(links)],
      });
    }
  }
  return { tool, subjects };
}

function imageOf(links: LinkReport): ReportedImage {
  const { name, architecture } = links;
  return {
    ...{ name, links, digest: undefined, report: undefined, look: undefined },
    platform: architecture === undefined ? undefined : `linux/${architecture}`,
  };
}
