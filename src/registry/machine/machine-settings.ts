// SPDX-License-Identifier: MIT
import type { FindProxy, FindTls } from "../registry-options.ts";
import { certificateDirectories, readCertificateDirectory } from "./certificate-directory.ts";
import type { Environment } from "./environment.ts";
import { proxyFromEnvironment } from "./proxy-environment.ts";
import { findRegistryRules } from "./find-registry-rules.ts";
import type { RegistryRules } from "./registry-rules.ts";
import { systemAuthorities } from "./system-authorities.ts";

/** What a machine says about reaching registries. Its keys are those of `RegistryOptions`. */
export interface MachineSettings {
  readonly tls: FindTls;
  readonly proxy: FindProxy;
  readonly rules: () => Promise<RegistryRules>;
}

/**
 * This machine's own settings, as docker, skopeo and their kin read them: the proxies in the environment, the
 * system's authorities and those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, the certificates in the directories
 * `certs.d`, and `registries.conf`. Each file is read when it is first needed.
 */
export function readMachineSettings(environment: Environment = process.env): MachineSettings {
  let rules: Promise<RegistryRules> | undefined;
  return {
    tls: (host) => ({
      ...readCertificateDirectory(certificateDirectories(host, environment)),
      moreAuthorities: () => systemAuthorities(environment),
    }),
    proxy: proxyFromEnvironment(environment),
    rules: () => (rules ??= findRegistryRules(environment)),
  };
}
