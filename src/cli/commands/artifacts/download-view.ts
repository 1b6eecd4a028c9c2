import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parentOf, parseArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { modelsParts, parseLocation } from '../../../core/location.ts';
import { fetchArtifacts, type FetchAsk } from '../../../session/fetch-artifacts.ts';
import { openReader, type Opened } from '../../../session/open-reader.ts';
import type { Session } from '../../../session/session.ts';
import type { Resume } from '../../../session/transfer-options.ts';
import { failureOf } from '../../../transfer/report.ts';
import type { View } from '../../command.ts';
import type { PlanItem, TransferItem } from '../../output/artifacts.ts';
import { showProgress } from '../../render/progress.ts';
import { readPath } from './artifact-path-operand.ts';
import { downloadPlan, planView } from './plan-view.ts';
import { inManifest, readSelection, type SelectionFlags } from './selection.ts';
import { countsText, showTransfer, skippedText, transferCounts } from './transfer-view.ts';

/** What the command line asks for. */
export interface DownloadAsk extends SelectionFlags {
  readonly runId: string | undefined;
  readonly artifactPath: string | undefined;
  readonly uri: string | undefined;
  readonly folder: string | undefined;
  readonly resume: Resume;
}

/**
 * Where in the target folder the thing asked for appears: below which folder, under which name; both `''` when its
 * contents go there. As mlflow: a path leaves its folders behind, but what is below a `models:/` URI keeps them.
 */
function placeInTarget(ask: DownloadAsk, opened: Opened): { readonly below: Under; readonly name: Under } {
  const asked = ask.uri ?? ask.artifactPath ?? '';
  const { name } = opened.resolution;
  if (name === '' || asked.endsWith('/')) return { below: '', name: '' };
  return { below: folderBelowModel(asked), name: parseArtifactPath(name) };
}

/** The folders between a model and what is asked for below it. */
function folderBelowModel(asked: string): Under {
  if (!/^models:/i.test(asked)) return '';
  const { path } = modelsParts(parseLocation(asked));
  return path === '' ? '' : parentOf(path);
}

async function targetFolder(ask: DownloadAsk, cwd: string): Promise<string> {
  if (ask.folder !== undefined) return resolve(cwd, ask.folder);
  return ask.dryRun ? join(tmpdir(), 'mlstow-XXXXXX') : mkdtemp(join(tmpdir(), 'mlstow-'));
}

function refuseBoth(ask: DownloadAsk, session: Session): void {
  if (ask.uri !== undefined && (ask.runId !== undefined || ask.artifactPath !== undefined)) {
    session.warn('-u names what to download, so -r and -a are ignored');
  }
}

/** Downloads what was asked for and prints where it is. */
export async function downloadView(
  session: Session,
  ask: DownloadAsk,
): Promise<View<TransferItem> | View<PlanItem>> {
  refuseBoth(ask, session);
  const selection = readSelection(ask);
  const path = ask.uri === undefined ? readPath(ask.artifactPath) : '';
  const opened = await openReader(session, { runId: ask.runId, uri: ask.uri, path });
  const [{ location }] = opened.resolution.places;
  const { below, name } = placeInTarget(ask, opened);
  const folder = join(await targetFolder(ask, session.world.cwd), below);
  // A new temporary folder is no place to go on in.
  const resume = ask.folder === undefined ? 'never' : ask.resume;
  const target = { folder, name, resume, ...selection };
  if (selection.dryRun) return dryView(session, ask, opened, target);
  const progress = await showProgress(session, 'downloading');
  const fetch = await fetchArtifacts(session, opened, target).catch((thrown: unknown) => {
    progress.close();
    throw thrown;
  });
  const shown = await showTransfer(session, progress, inManifest(session, ask.manifest, fetch), {
    odd: ({ path, detail = 'special' }) => `${path} is ${detail} and is not downloaded`,
    done: (report) => `downloaded ${countsText(report)} from ${location.redacted}${skippedText(report)}`,
  });
  const failure = () => failureOf(shown.report(), location.redacted);
  const place = () => (failure() ? [] : [`${fetch.localPath}\n`]);
  return {
    items: shown.items,
    data: () => ({
      ...(ask.runId === undefined ? {} : { run_id: ask.runId }),
      artifact_uri: location.redacted,
      local_path: fetch.localPath,
      ...transferCounts(shown.report()),
    }),
    text: () => place().map((line) => `\n${line}`),
    quiet: place,
    failure,
  };
}

async function dryView(
  session: Session,
  ask: DownloadAsk,
  opened: Opened,
  target: FetchAsk,
): Promise<View<PlanItem>> {
  const { localPath, plan } = await fetchArtifacts(session, opened, target);
  const [{ location }] = opened.resolution.places;
  const items = downloadPlan(await plan(), (name) => join(target.folder, name));
  return planView(session, items, {
    done: `downloaded to ${localPath}`,
    fields: {
      ...(ask.runId === undefined ? {} : { run_id: ask.runId }),
      artifact_uri: location.redacted,
      local_path: localPath,
    },
    subject: location.redacted,
  });
}
