// SPDX-License-Identifier: MIT
import { escapeText } from "../bytes/byte-string.ts";
import type { ContentStore } from "../store/store.ts";
import type { GateFinding } from "./gates/gate.ts";
import type { Child } from "./children/index-child.ts";
import { describeUnfit, findUnfitImages, type VerifyBeforeOptions } from "./unfit-images.ts";

/**
 * The gate of what images contain: each would start, and keeps its policies. Images that are in the target already
 * are not looked into, because nothing of them leaves this machine.
 * @throws as `findUnfitImages`
 */
export async function verifyChildren(
  children: readonly Child[],
  target: ContentStore | undefined,
  options: VerifyBeforeOptions,
): Promise<readonly GateFinding[]> {
  const sent = children.filter(({ image }) => image.store !== target);
  const unfit = await findUnfitImages(sent, options);
  return unfit.flatMap(({ candidate, findings }) =>
    findings.map((finding): GateFinding => {
      const child = escapeText(candidate.name);
      return { gate: "verify", child, finding, message: `${child}: ${describeUnfit(finding)}` };
    }),
  );
}
