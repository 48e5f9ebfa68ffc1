// SPDX-License-Identifier: MIT

/** What `--compression` and `--rate` say of themselves in the help of every command that has them. */
export const COMPRESSION = "gzip, zstd (with a level: zstd:19), none, or auto with --rate";
export const RATE = "for --compression auto: what the line sends, as 4.5MB/s";
