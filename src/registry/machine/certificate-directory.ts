// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileError } from "../../files/system-error.ts";
import { OciError } from "../../oci/errors.ts";
import type { ClientCertificate, TlsOptions } from "../registry-options.ts";
import type { Environment } from "./environment.ts";
import { homeDirectory } from "../../files/home-directory.ts";
import { listIfThere } from "./read-if-there.ts";

/**
 * The directories that may hold certificates for a host, in the order in which the containers tools look:
 * the first that exists is used. The last two are those of docker without root and of Docker Desktop.
 * @param host with its port unless that is the default: `registry.example:5000`
 */
export function certificateDirectories(host: string, environment: Environment): readonly string[] {
  const home = homeDirectory(environment);
  return [
    join(home, ".config/containers/certs.d", host),
    join("/etc/containers/certs.d", host),
    join("/etc/docker/certs.d", host),
    join(environment["XDG_CONFIG_HOME"] || join(home, ".config"), "docker/certs.d", host),
    join(home, ".docker/certs.d", host),
  ];
}

/**
 * What the first of these directories that exists holds: `*.crt` are authorities, `NAME.cert` with `NAME.key`
 * is a certificate of this machine. Other files are ignored. Undefined when none exists.
 * @throws OciError `unreadable`; `missing-input` for a certificate without its key, and for a key alone
 */
export function readCertificateDirectory(
  directories: readonly string[],
): Pick<TlsOptions, "authorities" | "clientCertificates"> | undefined {
  for (const directory of directories) {
    const names = listIfThere(directory);
    if (names === undefined) continue;
    return {
      authorities: names
        .filter((name) => name.endsWith(".crt"))
        .map((name) => read(directory, name)),
      clientCertificates: readPairs(directory, names),
    };
  }
  return undefined;
}

function readPairs(directory: string, names: readonly string[]): readonly ClientCertificate[] {
  const having = (ending: string): string[] =>
    names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  const certificates = having(".cert");
  const alone = having(".key").find((name) => !certificates.includes(name));
  if (alone !== undefined) throw missing(directory, `${alone}.cert`, `${alone}.key`);
  return certificates.map((name) => {
    if (!names.includes(`${name}.key`)) throw missing(directory, `${name}.key`, `${name}.cert`);
    return { certificate: read(directory, `${name}.cert`), key: read(directory, `${name}.key`) };
  });
}

function missing(directory: string, absent: string, present: string): OciError {
  return new OciError(
    "missing-input",
    `${JSON.stringify(directory)}: expected ${absent} beside ${present}, got none`,
    {
      hint: "A certificate to show is NAME.cert with NAME.key; an authority to trust is NAME.crt.",
    },
  );
}

function read(directory: string, name: string): string {
  const path = join(directory, name);
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fileError("unreadable", path, error);
  }
}
