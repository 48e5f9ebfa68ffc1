// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { PackageFile } from "./package-owners.ts";

/** Where apk keeps what is installed, the newer place last. */
export const APK_INSTALLED: readonly ByteString[] = [
  "/lib/apk/db/installed" as ByteString,
  "/usr/lib/apk/db/installed" as ByteString,
];

/**
 * The files of apk's `installed`, each with its package: `P:` begins a package, `o:` names its source, `F:` a directory,
 * `R:` a file in it, and an empty line ends the package. Other lines are skipped.
 */
export function* parseApkInstalled(text: ByteString): Generator<PackageFile> {
  let name = "" as ByteString;
  let source: ByteString | undefined;
  let directory = "";
  for (const line of text.split("\n")) {
    const value = line.slice(2) as ByteString;
    if (line === "") {
      name = "" as ByteString;
      source = undefined;
      directory = "";
    } else if (line.startsWith("P:")) name = value;
    else if (line.startsWith("o:") && value !== "") source = value;
    else if (line.startsWith("F:")) directory = value === "" ? "" : `/${value}`;
    else if (line.startsWith("R:") && name !== "" && value !== "") {
      yield { path: `${directory}/${value}` as ByteString, name, source };
    }
  }
}
