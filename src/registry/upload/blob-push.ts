// SPDX-License-Identifier: MIT
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import { observe } from "../../bytes/verify.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { UploadRecord } from "../journal/upload-journal.ts";
import { RegistryError } from "../registry-error.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { createPatience } from "../transport/persist.ts";
import { isOutOfStep, judgeFailure, type Verdict } from "./judge-failure.ts";
import { resumeUpload, type RegistryUpload, type RegistryUploadState } from "./registry-upload.ts";
import { sendBlob } from "./send-blob.ts";
import type { UploadPace, UploadPlace } from "./upload-pace.ts";
import { waysFor, type Way } from "./ways.ts";

/** Options of {@link BlobPush.run}. */
export interface PushBlobOptions extends AbortOptions {
  /** The source was hashed when this process wrote it to a private place, and need not be hashed again. */
  readonly isHashed?: boolean | undefined;
}

/** What is pushed. */
export interface Pushed {
  readonly descriptor: Descriptor;
  readonly source: Source;
  readonly record: UploadRecord | undefined;
}

/** Where it is pushed to. */
export interface Repository {
  readonly begin: () => Promise<RegistryUpload>;
  readonly exists: () => Promise<boolean>;
  readonly pace: UploadPace;
}

/** The push of one blob, over as many attempts as it takes. It is run once. */
export class BlobPush {
  readonly #context: RepositoryContext;
  readonly #descriptor: Descriptor;
  readonly #source: Source;
  readonly #record: UploadRecord | undefined;
  readonly #repository: Repository;
  /** What to go on with: from an earlier process at first, then from the attempt before. */
  #state: RegistryUploadState | undefined;
  #upload: RegistryUpload | undefined;
  #isResumed = false;
  #hasSourceFailed = false;
  /** Where the registry last answered that bytes do not fit, and how often. */
  #stuck = { at: -1, times: 0 };

  constructor(
    context: RepositoryContext,
    { descriptor, source, record }: Pushed,
    repository: Repository,
  ) {
    this.#context = context;
    this.#descriptor = descriptor;
    this.#source = source;
    this.#record = record;
    this.#repository = repository;
    this.#state = record?.known;
  }

  /** Leaves an upload that another run can continue in the journal, and nothing else. */
  async run(options: PushBlobOptions): Promise<void> {
    const { transport, habits } = this.#context;
    const { pace } = this.#repository;
    const ways = waysFor(habits, this.#descriptor.size);
    let verdict: Verdict = "leave";
    const patience = createPatience(transport.retry, () => true);
    try {
      for (;;) {
        const place = await pace.enter(this.#descriptor.size, options);
        try {
          if (await this.#open(options)) await this.#send(ways.current, place, options);
          this.#state = undefined;
          return;
        } catch (error) {
          verdict = this.#judge(error, ways.current);
          if (verdict === "resume") {
            pace.broke();
            ways.broke();
          }
          const status = error instanceof RegistryError ? error.status : undefined;
          if (verdict === "other-way" && !ways.change(status)) verdict = "give-up";
          if (verdict === "give-up" || verdict === "anew" || verdict === "other-way") {
            await this.#cancel();
          }
          if (verdict === "give-up" || verdict === "leave") throw error;
          place.leave();
          if (verdict === "other-way") continue;
          await patience.afterFailure(error, this.#upload?.offset ?? 0, options.signal);
        } finally {
          place.leave();
        }
      }
    } finally {
      if (this.#state === undefined) this.#record?.remove();
      else this.#record?.release();
    }
  }

  /** Finds or begins an upload. False when the blob has arrived meanwhile. */
  async #open(options: AbortOptions): Promise<boolean> {
    const before = this.#state;
    this.#upload = before && (await resume(this.#context, before, this.#descriptor, options));
    this.#isResumed = this.#upload !== undefined;
    if (before && !this.#isResumed && (await this.#repository.exists())) return false;
    this.#upload ??= await this.#repository.begin();
    this.#keep(this.#upload);
    return true;
  }

  async #send(way: Way, place: UploadPlace, options: PushBlobOptions): Promise<void> {
    const upload = this.#upload!;
    this.#hasSourceFailed = false;
    const { size } = this.#descriptor;
    // What the registry has is read again, to verify the whole, and not sent.
    let had = options.isHashed === true ? 0 : upload.offset;
    const sent = (length: number): void => {
      place.sent(Math.max(0, length - had));
      had = Math.max(0, had - length);
    };
    const source: Source = {
      size,
      open: (opening) =>
        observe(this.#source.open(opening), {
          onChunk: sent,
          onFailure: () => (this.#hasSourceFailed = true),
        }),
    };
    const { chunks } = this.#context.habits;
    const sending = {
      descriptor: this.#descriptor,
      source,
      way,
      isHashed: options.isHashed === true,
      most: chunks.most ?? Infinity,
      what: `${this.#context.name}: ${this.#descriptor.digest} to push`,
      onChunk: () => this.#keep(upload),
    };
    await sendBlob(upload, sending, { signal: options.signal });
  }

  #keep(upload: RegistryUpload): void {
    this.#state = upload.state;
    this.#record?.keep({ ...upload.state, offset: upload.offset });
  }

  #judge(error: unknown, way: Way): Verdict {
    const at = this.#upload?.offset ?? 0;
    const times = this.#stuck.at === at ? this.#stuck.times : 0;
    this.#stuck = { at, times: isOutOfStep(error) ? times + 1 : 0 };
    return judgeFailure(error, {
      hasSourceFailed: this.#hasSourceFailed,
      isResumed: this.#isResumed,
      outOfStep: this.#stuck.times,
      isChunked: way.kind === "chunks",
    });
  }

  async #cancel(): Promise<void> {
    await this.#upload?.cancel();
    this.#state = undefined;
    this.#record?.remove();
  }
}

/** The upload in its current state; undefined when the registry no longer knows it or does not report its state. */
async function resume(
  context: RepositoryContext,
  state: RegistryUploadState,
  { size }: Descriptor,
  options: AbortOptions,
): Promise<RegistryUpload | undefined> {
  try {
    const upload = await resumeUpload(context, state, options);
    return upload.offset <= size ? upload : undefined;
  } catch (error) {
    if (error instanceof RegistryError && !error.transient) return undefined;
    throw error;
  }
}
