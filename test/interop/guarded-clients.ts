// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute, runPeer } from "./peers.ts";
import type { RunningDocker } from "./start-docker.ts";

/** What the clients are given. */
export interface ClientSetup {
  /** A directory for each client's own files. */
  readonly directory: string;
  /** `127.0.0.1:41234` */
  readonly host: string;
  /** A directory with `ca.crt`, which signed the registry's certificate. */
  readonly certificates: string;
  /** A layout with one image, and its tag. */
  readonly layout: string;
  readonly tag: string;
  /** A repository with the same image under `:1`, which everyone may read. */
  readonly readable: string;
  readonly docker: RunningDocker;
}

/** A program that signs in at the registry, pushes the image under `:1` and pulls it. */
export interface Client {
  login(user: string, password: string): Promise<unknown>;
  push(repository: string): Promise<unknown>;
  /** Into a place of its own, so that everything is fetched. */
  pull(repository: string): Promise<unknown>;
}

export const CLIENTS = ["skopeo", "crane", "oras", "docker", "buildah", "podman"] as const;

/** Makes one of the clients. */
export function makeClient(name: (typeof CLIENTS)[number], setup: ClientSetup): Client {
  const directory = join(setup.directory, name);
  mkdirSync(directory, { recursive: true });
  switch (name) {
    case "skopeo":
      return skopeo(directory, setup);
    case "crane":
      return crane(directory, setup);
    case "oras":
      return oras(directory, setup);
    case "docker":
      return docker(directory, setup);
    default:
      return withStorage(name, directory, setup);
  }
}

let pulls = 0;
const nextPlace = (directory: string): string => join(directory, `pulled-${(pulls += 1)}`);

function skopeo(directory: string, setup: ClientSetup): Client {
  const { host, certificates, layout, tag } = setup;
  const file = join(directory, "auth.json");
  const side = (which: string): string[] => [
    ...[`--${which}-cert-dir`, certificates, `--${which}-authfile`, file],
  ];
  return {
    login: (user, password) =>
      runPeer("skopeo", [
        ...["login", "--cert-dir", certificates, "--authfile", file],
        ...["-u", user, "-p", password, host],
      ]),
    push: (repository) => {
      const target = `docker://${host}/${repository}:1`;
      return runPeer("skopeo", ["copy", ...side("dest"), `oci:${layout}:${tag}`, target]);
    },
    pull: (repository) => {
      const source = `docker://${host}/${repository}:1`;
      return runPeer("skopeo", ["copy", ...side("src"), source, `oci:${nextPlace(directory)}:1`]);
    },
  };
}

/** Without an authority of its own: Go's programs trust what SSL_CERT_FILE names. */
function trusting({ certificates }: ClientSetup, directory: string): Record<string, string> {
  return { SSL_CERT_FILE: join(certificates, "ca.crt"), DOCKER_CONFIG: directory };
}

function crane(directory: string, setup: ClientSetup): Client {
  const options = { env: trusting(setup, directory) };
  const run = (...words: string[]): Promise<string> => runPeer("crane", words, options);
  const { host, layout } = setup;
  return {
    login: (user, password) => run("auth", "login", "-u", user, "-p", password, host),
    push: (repository) => run("push", layout, `${host}/${repository}:1`),
    pull: (repository) =>
      run("pull", "--format", "oci", `${host}/${repository}:1`, nextPlace(directory)),
  };
}

function oras(directory: string, setup: ClientSetup): Client {
  const { host, certificates, layout, tag } = setup;
  const file = join(directory, "auth.json");
  const ca = join(certificates, "ca.crt");
  const side = (which: string): string[] => [
    ...[`--${which}-ca-file`, ca, `--${which}-registry-config`, file],
  ];
  return {
    login: (user, password) =>
      runPeer("oras", [
        ...["login", "--ca-file", ca, "--registry-config", file],
        ...["-u", user, "-p", password, host],
      ]),
    push: (repository) => {
      const target = `${host}/${repository}:1`;
      return runPeer("oras", [
        "cp",
        ...side("to"),
        "--from-oci-layout",
        `${layout}:${tag}`,
        target,
      ]);
    },
    pull: (repository) => {
      const words = ["cp", ...side("from"), `${host}/${repository}:1`, "--to-oci-layout"];
      return runPeer("oras", [...words, `${nextPlace(directory)}:1`]);
    },
  };
}

function docker(directory: string, setup: ClientSetup): Client {
  const { host, readable } = setup;
  const socket = `unix://${join(setup.docker.directory, "docker.sock")}`;
  const options = { env: { DOCKER_HOST: socket, DOCKER_CONFIG: directory } };
  const run = (...words: string[]): Promise<string> => runPeer("docker", words, options);
  return {
    login: (user, password) => run("login", "-u", user, "-p", password, host),
    push: async (repository) => {
      await run("pull", "--platform", "linux/amd64", `${host}/${readable}:1`);
      await run("tag", `${host}/${readable}:1`, `${host}/${repository}:1`);
      await run("push", `${host}/${repository}:1`);
    },
    pull: async (repository) => {
      await run("rmi", "-f", `${host}/${repository}:1`).catch(() => undefined);
      await run("pull", "--platform", "linux/amd64", `${host}/${repository}:1`);
    },
  };
}

/** Buildah and podman, which push what is in their storage. */
function withStorage(program: "buildah" | "podman", directory: string, setup: ClientSetup): Client {
  const { host, certificates, readable } = setup;
  const file = join(directory, "auth.json");
  writeFileSync(file, "{}");
  const storage = (name: string): string[] => [
    ...["--root", join(directory, name), "--runroot", join(directory, `${name}-run`)],
    ...["--storage-driver", "vfs"],
  ];
  const remote = ["--cert-dir", certificates, "--authfile", file];
  const run = (...words: string[]): Promise<string> => execute(program, words);
  return {
    login: (user, password) => run("login", ...remote, "-u", user, "-p", password, host),
    push: async (repository) => {
      const source = `docker://${host}/${readable}:1`;
      const image = (await run(...storage("own"), "pull", "-q", ...remote, source)).trim();
      await run(...storage("own"), "push", ...remote, image, `docker://${host}/${repository}:1`);
    },
    pull: (repository) => {
      const name = `docker://${host}/${repository}:1`;
      return run(...storage(`pulled-${(pulls += 1)}`), "pull", "-q", ...remote, name);
    },
  };
}
