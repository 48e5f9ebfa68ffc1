// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/**
 * Extended attributes that the machine's security modules and file systems add to files by themselves: they
 * belong to the machine, not to the image. A name that ends with `.` stands for all names that start with it.
 */
export const ENVIRONMENT_LABELS: readonly string[] = Object.freeze([
  "security.selinux",
  "security.ima",
  "security.evm",
  "system.nfs4_acl",
  "system.nfs4_dacl",
  "system.nfs4_sacl",
  "system.cifs_acl",
  "system.smb3_acl",
  "system.smb3_ntsd",
  "system.smb3_ntsd_full",
  "user.cifs.",
  "btrfs.",
  "lustre.",
]);

/** Whether an extended attribute is one of {@link ENVIRONMENT_LABELS}. Comparisons ignore those. */
export function isEnvironmentLabel(name: ByteString): boolean {
  return ENVIRONMENT_LABELS.some((label) =>
    label.endsWith(".") ? name.startsWith(label) : name === label,
  );
}
