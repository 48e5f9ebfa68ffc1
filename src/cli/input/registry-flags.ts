// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { fileError } from "../../files/system-error.ts";
import { OciError } from "../../oci/errors.ts";
import { readMachineSettings } from "../../registry/machine/machine-settings.ts";
import type { FindTls } from "../../registry/registry-options.ts";
import type { RegistryOptions } from "../../registry/repository.ts";

/** The flags that say how registries are reached. */
export interface RegistryFlags {
  readonly plainHttp?: true | undefined;
  readonly https?: true | undefined;
  readonly ca?: string | undefined;
  readonly insecure?: true | undefined;
}

/**
 * Turns the flags into options of the library. What they do not say is left to the machine's settings.
 * @throws OciError `invalid-argument` for flags that contradict each other, and for a file without a
 *   certificate; `not-found`, `unreadable`
 */
export function registryOptions(
  { plainHttp, https, ca, insecure }: RegistryFlags,
  env: Readonly<Record<string, string | undefined>>,
): RegistryOptions {
  refuseBoth(plainHttp, "--plain-http", https, "--https");
  refuseBoth(plainHttp, "--plain-http", insecure, "--insecure");
  refuseBoth(plainHttp, "--plain-http", ca, "--ca");
  refuseBoth(insecure, "--insecure", ca, "--ca");
  const scheme = plainHttp === true ? "http" : https === true ? "https" : undefined;
  if (ca === undefined && insecure === undefined) return { scheme };
  const authority = ca === undefined ? [] : [readAuthority(ca)];
  const machine = readMachineSettings(env);
  const tls: FindTls = (host) => {
    const found = machine.tls(host);
    const authorities = [...(found.authorities ?? []), ...authority];
    return { ...found, authorities, anyCertificate: insecure === true };
  };
  return { scheme, tls };
}

function readAuthority(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fileError("unreadable", file, error, "--ca");
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new OciError(
    "invalid-argument",
    `--ca ${JSON.stringify(file)}: expected a certificate as PEM (-----BEGIN CERTIFICATE-----), got none`,
    { hint: "openssl x509 -inform der -in FILE makes PEM of a certificate in DER" },
  );
}

function refuseBoth(one: unknown, name: string, other: unknown, otherName: string): void {
  if (one === undefined || other === undefined) return;
  throw new OciError("invalid-argument", `${name}: expected it without ${otherName}, got both`);
}
