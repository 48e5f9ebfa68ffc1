// SPDX-License-Identifier: MIT
import { escapeText, fromText, toText, type ByteString } from "../../bytes/byte-string.ts";
import { isElfArchitecture, isElfExecutable } from "../../elf/elf-header.ts";
import type { ExecutionConfig } from "../../oci/documents/image-config.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { join } from "../search-path.ts";
import type { RunUser } from "./check-user.ts";
import { explainStop, follow, report, type Examination } from "./examination.ts";
import type { ImageFindingCode } from "./image-report.ts";
import { isExecutable } from "./root-survey.ts";

/** What a container runtime will execute for an image. */
interface Command {
  readonly role: "entrypoint" | "command" | "health check";
  /** A path, or a name for the PATH. */
  readonly program: string;
}

/** The commands of an image that were found. */
export interface StartedFiles {
  readonly commands: number;
  /** Their paths without links. */
  readonly paths: ReadonlySet<ByteString>;
}

/**
 * Finds the entrypoint, or the command of an image without one, and the health check as the runtime does:
 * a name is searched on the PATH, a relative path begins in the working directory. The user must be allowed
 * to execute what is found.
 */
export function checkCommands(examination: Examination, user: RunUser): StartedFiles {
  const commands = [...commandsOf(examination.execution)];
  const paths = new Set<ByteString>();
  for (const command of commands) {
    const found = checkCommand(examination, command, user);
    if (found !== undefined) paths.add(found);
  }
  return { commands: commands.length, paths };
}

function* commandsOf(execution: ExecutionConfig): Generator<Command, void, undefined> {
  const { Entrypoint = [], Cmd = [], Healthcheck, Shell = ["/bin/sh"] } = execution;
  // With an entrypoint the command is only its arguments.
  const [entrypoint] = Entrypoint;
  const [command] = Cmd;
  if (entrypoint !== undefined) yield { role: "entrypoint", program: entrypoint };
  else if (command !== undefined) yield { role: "command", program: command };
  const [how, first] = Healthcheck?.Test ?? [];
  if (how === "CMD" && first !== undefined) yield { role: "health check", program: first };
  if (how === "CMD-SHELL") yield { role: "health check", program: Shell[0] ?? "/bin/sh" };
}

/** Returns the path without links of the file that would be executed. */
function checkCommand(
  examination: Examination,
  command: Command,
  user: RunUser,
): ByteString | undefined {
  const candidates = candidatesOf(examination, command).map((path) => ({
    path,
    found: follow(examination, path),
  }));
  const files = candidates.filter(({ found }) => found.node !== undefined);
  const fit = files.find(({ found }) => whyNot(found.node!, user) === undefined) ?? files[0];
  if (fit === undefined) {
    reportMissing(examination, command, candidates[0]);
    return undefined;
  }
  const { node, path } = fit.found;
  const problem = whyNot(node!, user) ?? wrongFormat(examination, node!);
  if (problem === undefined) return path;
  const message = `expected an executable file, got one that ${problem}`;
  reportCommand(examination, command, "command-not-executable", fit.path, message);
  return undefined;
}

function candidatesOf(examination: Examination, { program }: Command): readonly ByteString[] {
  const name = fromText(program);
  if (program.startsWith("/")) return [name];
  const { WorkingDir = "" } = examination.execution;
  if (program.includes("/")) return [fromText(`/${WorkingDir}/${program}`)];
  return examination.search.map((directory) => join(directory, name));
}

/** Why the kernel refuses to execute a file for the user; undefined when it does not. */
function whyNot(node: Node, { uid, gids }: RunUser): string | undefined {
  if (node.type !== "file") return `is a ${node.type}`;
  const mode = node.mode.toString(8).padStart(4, "0");
  if (!isExecutable(node)) return `has no execute permission: its mode is ${mode}`;
  if (uid === undefined || uid === 0) return undefined;
  const bit = node.uid === uid ? 0o100 : gids.includes(node.gid) ? 0o010 : 0o001;
  if ((node.mode & bit) !== 0) return undefined;
  return `the user ${uid} may not execute: its mode is ${mode}, its owner ${node.uid}:${node.gid}`;
}

function wrongFormat({ architecture, survey }: Examination, node: Node): string | undefined {
  if (node.size === 0) return "is empty";
  if (architecture !== undefined && !isElfArchitecture(architecture)) return undefined;
  if (node.head === undefined) return "is neither an ELF object nor a script";
  const object = survey.objects.find((each) => each.node === node);
  if (object?.header === undefined || isElfExecutable(object.header)) return undefined;
  return `is an ELF object of type ${object.header.type}, which can't be executed`;
}

function reportMissing(
  examination: Examination,
  command: Command,
  first: { readonly path: ByteString; readonly found: ReturnType<typeof follow> } | undefined,
): void {
  const isOnPath = !command.program.includes("/");
  const path = isOnPath || first === undefined ? fromText(command.program) : first.path;
  const searched = examination.search.map(toText).join(":");
  const why =
    isOnPath || first === undefined
      ? `there is none in a directory of the PATH that is there${searched === "" ? "" : ` (${searched})`}`
      : explainStop(first.found);
  reportCommand(examination, command, "command-missing", path, `expected a program, but ${why}`);
}

function reportCommand(
  examination: Examination,
  { role, program }: Command,
  code: ImageFindingCode,
  path: ByteString,
  message: string,
): void {
  report(examination, code, path, `the ${role} ${escapeText(program)}: ${message}`);
}
