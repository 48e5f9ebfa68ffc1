// SPDX-License-Identifier: MIT
import { toBytes, toText, type ByteString } from "../bytes/byte-string.ts";
import { isOciError } from "../oci/errors.ts";
import { elfArchitecture, formatElf, isElfExecutable, readElfHeader } from "../elf/elf-header.ts";
import type { ElfHeader } from "../elf/elf-header.ts";
import type { Node } from "../rootfs/root-filesystem.ts";
import { explainLost, report, trace, type Inspection } from "./root-inspection.ts";
import type { ChainEnd } from "./link-report.ts";
import { parseInterpreter } from "./script-interpreter.ts";
import { join } from "./search-path.ts";

/** An executable, and the chain of links that led to it. */
interface Subject {
  /** Where the chain began. Findings name this path. */
  readonly chain: ByteString;
  /** The path of the executable, without links. */
  readonly path: ByteString;
  readonly node: Node;
  /** How many scripts led here, each run by the next. Linux allows four. */
  readonly depth: number;
}

const DEEPEST = 4;
const EXECUTE = 0o111;

/**
 * Inspects what a chain of links ends at. It has to be an executable file: ELF of the root's architecture, or
 * a script whose interpreter is one. For a wrapper, which is a script beside `<name>.real`, that ELF is
 * inspected too. Problems are recorded as findings; returns what was found.
 */
export function inspectExecutable(
  inspection: Inspection,
  chain: ByteString,
  path: ByteString,
  node: Node,
): ChainEnd {
  return inspectSubject(inspection, { chain, path, node, depth: 0 });
}

/** Checks only the architecture of an ELF object that need not be executable, such as a library. */
export function inspectObject(
  inspection: Inspection,
  chain: ByteString,
  path: ByteString,
  node: Node,
): ChainEnd {
  const header = readHeader(inspection, { chain, path, node, depth: 0 });
  if (header === undefined) return { kind: "other" };
  checkArchitecture(inspection, chain, path, header);
  return { kind: "elf", architecture: elfArchitecture(header) };
}

function inspectSubject(inspection: Inspection, subject: Subject): ChainEnd {
  const { chain, path, node } = subject;
  if (node.type !== "file") {
    const message = `expected an executable file at ${toText(path)}, got a ${describeType(node)}`;
    report(inspection, "not-executable", chain, message);
    return { kind: node.type === "directory" ? "directory" : "other" };
  }
  if ((node.mode & EXECUTE) === 0) {
    const mode = node.mode.toString(8).padStart(4, "0");
    report(
      inspection,
      "not-executable",
      chain,
      `${toText(path)} has no execute permission: its mode is ${mode}`,
    );
  }
  if (node.head?.startsWith("#!")) return inspectScript(inspection, subject, node.head);
  const header = readHeader(inspection, subject);
  if (header === undefined) return { kind: "other" };
  if (!isElfExecutable(header)) {
    const message = `expected an executable at ${toText(path)}, got an ELF object of type ${header.type}`;
    report(inspection, "not-an-executable-format", chain, message);
  }
  checkArchitecture(inspection, chain, path, header);
  return { kind: "elf", architecture: elfArchitecture(header) };
}

function describeType(node: Node): string {
  return node.type === "character" || node.type === "block" ? `${node.type} device` : node.type;
}

function readHeader(inspection: Inspection, { chain, path, node }: Subject): ElfHeader | undefined {
  let problem = node.size === 0 ? "an empty file" : "a file that is neither";
  try {
    const header = node.head === undefined ? undefined : readElfHeader(toBytes(node.head));
    if (header !== undefined) return header;
  } catch (error) {
    if (!isOciError(error, "invalid-elf")) throw error;
    problem = `a damaged one: ${error.message}`;
  }
  const message = `expected an ELF executable or a script at ${toText(path)}, got ${problem}`;
  report(inspection, "not-an-executable-format", chain, message);
  return undefined;
}

/** If no architecture is expected, that of the first executable becomes the expected one for all others. */
function checkArchitecture(
  inspection: Inspection,
  chain: ByteString,
  path: ByteString,
  header: ElfHeader,
): void {
  const got = elfArchitecture(header);
  const wanted = inspection.architecture;
  if (wanted === undefined) {
    if (got !== undefined) inspection.architecture = { name: got, from: path };
  } else if (got !== wanted.name) {
    const because = wanted.from === undefined ? "" : ` as ${toText(wanted.from)} is`;
    const message = `expected ${wanted.name}${because}, got ${formatElf(header)} at ${toText(path)}`;
    report(inspection, "wrong-architecture", chain, message);
  }
}

function inspectScript(inspection: Inspection, subject: Subject, line: ByteString): ChainEnd {
  const { chain, path, depth } = subject;
  const { path: interpreter, program } = parseInterpreter(line);
  if (depth >= DEEPEST) {
    report(
      inspection,
      "loop",
      chain,
      `more than ${DEEPEST} scripts are run by one another, the last ${toText(path)}`,
    );
  } else if (!interpreter.startsWith("/")) {
    const message = `expected "#!" and an absolute path in ${toText(path)}, got "${toText(line)}"`;
    report(inspection, "not-an-executable-format", chain, message);
  } else {
    inspectInterpreter(inspection, subject, interpreter);
    if (program !== undefined) inspectEnvProgram(inspection, subject, program);
  }
  const real = depth === 0 ? inspectReal(inspection, subject) : undefined;
  return { kind: "script", interpreter, real: real?.path, architecture: real?.architecture };
}

function inspectInterpreter(
  inspection: Inspection,
  subject: Subject,
  interpreter: ByteString,
): void {
  const { chain, path, depth } = subject;
  const resolution = trace(inspection, interpreter);
  if (resolution.node === undefined) {
    const { message } = explainLost(inspection, interpreter, resolution);
    const who = `${toText(path)} is run by ${toText(interpreter)}`;
    report(inspection, "interpreter-missing", chain, `${who}: ${message}`);
    return;
  }
  inspectSubject(inspection, {
    chain,
    path: resolution.path,
    node: resolution.node,
    depth: depth + 1,
  });
}

/** For `#!/usr/bin/env name`, the name is searched on the image's PATH. */
function inspectEnvProgram(inspection: Inspection, subject: Subject, name: ByteString): void {
  if (name.startsWith("/")) {
    inspectInterpreter(inspection, subject, name);
    return;
  }
  const candidates = inspection.search.map((directory) => join(directory, name));
  const found = candidates.find((path) => trace(inspection, path).node?.type === "file");
  if (found !== undefined) {
    inspectInterpreter(inspection, subject, found);
    return;
  }
  const message = `${toText(subject.path)} is run by ${toText(name)}, which is not on the image's PATH`;
  report(inspection, "interpreter-missing", subject.chain, message);
}

/** The ELF that a wrapper runs. */
function inspectReal(
  inspection: Inspection,
  { chain, path }: Subject,
): { readonly path: ByteString; readonly architecture: string | undefined } | undefined {
  const beside = `${path}.real` as ByteString;
  if (inspection.root.lstat(beside) === undefined) return undefined;
  const resolution = trace(inspection, beside);
  if (resolution.node === undefined) {
    const { code, message } = explainLost(inspection, beside, resolution);
    report(inspection, code, chain, `${toText(beside)}, which ${toText(path)} wraps, ${message}`);
    return { path: resolution.path, architecture: undefined };
  }
  // Depth 1: the wrapped executable is not searched for a `.real` of its own.
  const end = inspectSubject(inspection, {
    chain,
    path: resolution.path,
    node: resolution.node,
    depth: 1,
  });
  if (end.kind === "script") {
    const message = `expected an ELF executable at ${toText(beside)}, which ${toText(path)} wraps, got a script`;
    report(inspection, "not-an-executable-format", chain, message);
  }
  const architecture = end.kind === "elf" ? end.architecture : undefined;
  return { path: resolution.path, architecture };
}
