// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";

/** From how many pieces on the share that goes counts: of a few, one is a large share. */
const FROM = 10;
const HALF = 0.5;

/** Whether so much would go that a person should say so: more than half, and ten or more. */
export function isSuspicious(goes: number, stays: number, share = HALF): boolean {
  return goes >= FROM && goes > share * (goes + stays);
}

/**
 * Refuses to remove more than this share. What lost its index looks like something of which nothing is wanted.
 * @throws OciError `gate-refused`
 */
export function refuseSuspicious(
  where: string,
  what: "blobs" | "manifests",
  { goes, stays }: { readonly goes: number; readonly stays: number },
  share: number,
): void {
  if (!isSuspicious(goes, stays, share)) return;
  throw new OciError(
    "gate-refused",
    `${where}: would delete ${goes} of ${goes + stays} ${what}, expected at most ${Math.floor(share * 100)} % at once`,
    {
      details: { goes, stays, share },
      hint: "If the tags are as they should be and all of this may go, say --most.",
    },
  );
}
