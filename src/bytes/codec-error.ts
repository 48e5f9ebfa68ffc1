// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";

/**
 * Turns an error of a decoder or an encoder, known by a code of zlib or zstd, into an OciError. Any other
 * error, such as one of the source, is returned as it is.
 */
export function explainCodecError(error: unknown, format: "gzip" | "zstd", what: string): unknown {
  if (!(error instanceof Error) || error instanceof OciError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (!/^(?:Z|ZSTD)_/.test(code)) return error;
  if (code === "Z_BUF_ERROR") {
    return new OciError("truncated", `${what}: expected more ${format} data, got the end`, {
      cause: error,
      hint: "The content was cut short where it is stored or on its way; fetch it again.",
    });
  }
  if (code === "Z_MEM_ERROR" || code === "ZSTD_died" || code === "ZSTD_error_memory_allocation") {
    return new OciError(
      "unsupported-compression",
      `${what}: ${format} gave up, usually for want of memory: ${error.message}`,
      { cause: error },
    );
  }
  return new OciError(
    "invalid-compression",
    `${what}: expected ${format} data, got bytes that are not: ${error.message}`,
    {
      cause: error,
      hint: "The content was damaged, or is compressed in another way than it says.",
    },
  );
}
