// SPDX-License-Identifier: MIT
import { gunzipInThread } from "../gzip/gunzip-in-thread.ts";
import { gunzip } from "../gzip/gunzip.ts";
import { gzip } from "../gzip/gzip.ts";
import { unzstd, zstd, zstdAtOnce } from "../zstd/zstd.ts";
import type { Codecs } from "../codecs.ts";

/** gzip by `node:zlib`, zstd by `node:zlib` or `zstd-codec`. */
export const codecs: Codecs = { gunzip, gunzipInThread, gzip, unzstd, zstd, zstdAtOnce };
