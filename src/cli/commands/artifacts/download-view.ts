import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ArtifactPath, nameOf, type Under } from '../../../core/artifact-path.ts';
import { fetchArtifacts } from '../../../session/fetch-artifacts.ts';
import { openReader, type Opened } from '../../../session/open-reader.ts';
import type { Session } from '../../../session/session.ts';
import { failureOf } from '../../../transfer/report.ts';
import type { View } from '../../command.ts';
import type { TransferItem } from '../../output/artifacts.ts';
import { showProgress } from '../../render/progress.ts';
import { readPath } from './artifact-path-operand.ts';
import { countsText, lostLines, transferCounts, transferItems } from './transfer-view.ts';

/** What the command line asks for. */
export interface DownloadAsk {
  readonly runId: string | undefined;
  readonly artifactPath: string | undefined;
  readonly uri: string | undefined;
  readonly folder: string | undefined;
}

/** The name under which the thing asked for appears in the target folder; `''` when its contents go there. */
function nameInTarget(ask: DownloadAsk, opened: Opened): Under {
  const contentsOnly = (ask.artifactPath ?? ask.uri ?? '').endsWith('/');
  const [{ path, location }] = opened.resolution.places;
  const asked =
    ask.artifactPath === undefined && ask.uri !== undefined ? uriName(path, location.path) : opened.at;
  return contentsOnly || asked === '' ? '' : (nameOf(asked) as ArtifactPath);
}

function uriName(path: Under, locationPath: string): Under {
  return path === '' ? (locationPath.replace(/\/+$/, '') as Under) : path;
}

async function targetFolder(ask: DownloadAsk, cwd: string): Promise<string> {
  if (ask.folder !== undefined) return resolve(cwd, ask.folder);
  return mkdtemp(join(tmpdir(), 'mlstow-'));
}

function refuseBoth(ask: DownloadAsk, session: Session): void {
  if (ask.uri !== undefined && (ask.runId !== undefined || ask.artifactPath !== undefined)) {
    session.warn('-u names what to download, so -r and -a are ignored');
  }
}

/** Downloads what was asked for and prints where it is. */
export async function downloadView(session: Session, ask: DownloadAsk): Promise<View<TransferItem>> {
  refuseBoth(ask, session);
  const path = ask.uri === undefined ? readPath(ask.artifactPath) : '';
  const opened = await openReader(session, { runId: ask.runId, uri: ask.uri, path });
  const [{ location }] = opened.resolution.places;
  const progress = await showProgress(session, 'downloading');
  const folder = await targetFolder(ask, session.world.cwd);
  const name = nameInTarget(ask, opened);
  const fetched = await fetchArtifacts(session, opened, { folder, name }, progress).finally(() =>
    progress.close(),
  );
  const { report } = fetched;
  for (const line of lostLines(report)) session.notify(line);
  session.notify(`downloaded ${countsText(report)} from ${location.redacted}`);
  return {
    items: transferItems(report),
    data: () => ({
      ...(ask.runId === undefined ? {} : { run_id: ask.runId }),
      artifact_uri: location.redacted,
      local_path: fetched.localPath,
      ...transferCounts(report),
    }),
    text: () => [`\n${fetched.localPath}\n`],
    quiet: () => [`${fetched.localPath}\n`],
    failure: () => failureOf(report, location.redacted),
  };
}
