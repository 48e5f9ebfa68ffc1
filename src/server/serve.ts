// SPDX-License-Identifier: MIT

/** What {@link serveRegistry} takes. */
export interface ServeOptions {
  /** An OCI image layout; made when it is absent or empty. */
  readonly directory: string;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 0: a free port. */
  readonly port?: number | undefined;
}

/** A running registry. */
export interface RegistryServer {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Takes no more requests, lets running ones end (for a few seconds), and frees the port. */
  close(): Promise<void>;
}

/** Serves an OCI layout directory as a registry (distribution-spec 1.1). */
export function serveRegistry(options: ServeOptions): Promise<RegistryServer> {
  return Promise.reject(new Error(options.directory));
}
