// SPDX-License-Identifier: MIT
export { formatBytes } from "../../bytes/format-bytes.ts";
export { count, table } from "../../report/text/format.ts";
