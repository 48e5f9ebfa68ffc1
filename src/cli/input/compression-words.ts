// SPDX-License-Identifier: MIT

/** What `--compression` and `--rate` say of themselves in the help of every command that has them. */
export const COMPRESSION =
  "gzip, zstd (with a level: zstd:19), none, or auto: what keeps up with the line";
export const RATE = "for auto: what the line sends, as 4.5MB/s; else as it was last measured";
