// SPDX-License-Identifier: MIT
import { formatCreated } from "../image/history.ts";
import { sourceDateEpochOf } from "./commands/assemble-flags.ts";
import type { Context } from "./context.ts";

/** The time that SOURCE_DATE_EPOCH says, as an image has it. @throws OciError `invalid-argument` */
export function createdOf(env: Context["env"]): string | undefined {
  const epoch = sourceDateEpochOf(env);
  return epoch === undefined ? undefined : formatCreated(epoch);
}
