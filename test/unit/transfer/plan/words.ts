import type { DownloadFile, Planned, UploadFile } from '../../../../src/transfer/items.ts';

/** A plan in words: why, and which path. */
export async function wordsOf(
  items: AsyncIterable<Planned<UploadFile> | Planned<DownloadFile>>,
): Promise<string[]> {
  const words: string[] = [];
  for await (const item of items) words.push(wordOf(item));
  return words;
}

function wordOf(item: Planned<UploadFile> | Planned<DownloadFile>): string {
  if (item.kind === 'folder') return `folder ${item.path}`;
  if (item.kind === 'skip') return `${item.skipped.why} ${item.skipped.path}`;
  if (item.kind === 'trouble') return `${item.failure.kind} ${item.path}`;
  return `${item.file.why} ${'name' in item.file ? item.file.name : item.file.path}`;
}
