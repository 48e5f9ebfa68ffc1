// SPDX-License-Identifier: MIT
/**
 * The embedded registry (distribution-spec 1.1) over an OCI image layout.
 * @module
 */
export { serveRegistry } from "./serve.ts";
export type { RegistryServer, ServeOptions } from "./serve.ts";
export type { ServerEvent } from "./server-event.ts";
