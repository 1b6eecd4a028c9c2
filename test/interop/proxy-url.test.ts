import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { placeTrouble } from '../../src/artifacts/stores/proxy/name-trouble.ts';
import { resolveProxyUrl } from '../../src/artifacts/stores/proxy/resolve-proxy-url.ts';
import { Failure } from '../../src/core/failure.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { runPython } from '../testbeds/mlflow.ts';

const ARTIFACTS = [
  'mlflow-artifacts:/0/r/artifacts',
  'mlflow-artifacts:/0/r/artifacts/',
  'mlflow-artifacts:0/r',
  'mlflow-artifacts:8080/0',
  'mlflow-artifacts:///0/r',
  'mlflow-artifacts:/0//r',
  'mlflow-artifacts://other/0/r',
  'mlflow-artifacts://other:8080/0/r',
  'mlflow-artifacts://OTHER:8080/0/r',
  'mlflow-artifacts://[::1]:8080/0/r',
  'mlflow-artifacts://8080:8080/0',
  'mlflow-artifacts:/a b/ä/%20c',
  'mlflow-artifacts:/workspaces/w/0/r',
  'mlflow-artifacts://8080/0',
];

const TRACKINGS = [
  'http://h:5000',
  'http://h:5000/',
  'https://h',
  'http://h/pfx',
  'http://h/pfx/',
  'https://h:8443/a/b',
  'http://user:secret@h:5000',
  'http://[::1]:5000/x',
  'sqlite:///mlflow.db',
  '/some/path',
];

const RESOLVE = `
import json, sys
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository as R
from mlflow.utils.uri import validate_path_is_safe
ask = json.load(open(sys.argv[1]))
def resolve(a, t):
    try:
        return R.resolve_uri(a, t)
    except MlflowException:
        return None
def stored(p):
    try:
        return validate_path_is_safe(p)
    except Exception:
        return None
print(json.dumps({
    "urls": [resolve(a, t) for a, t in ask["urls"]],
    "names": [stored(p) for p in ask["names"]],
}))
`;

const NAMES = [
  ...[
    'a.txt',
    'a b',
    ' a',
    'a ',
    '100%',
    '100%25',
    'a%20b',
    '%zz',
    '%e9',
    '%',
    'a%2',
    'a#b',
    '#',
    'a?',
    'a??',
    'a?b',
  ],
  ...[
    '?',
    'a;',
    'a;;',
    'a;b',
    ';',
    'a;?',
    'a;?b',
    'a?;',
    'x;/y',
    'x?/y',
    'a\tb',
    'a\u0001',
    'a\x7f',
    'http:x',
  ],
  ...[
    'Http:x',
    'data:x',
    'Data:x',
    'git+ssh:x',
    'file:x',
    'a:',
    'A:',
    '1a:b',
    'a_b:C',
    'a/B:c',
    'a/http:x',
    'ä:b',
  ],
  ...[
    'a\\b',
    "it's",
    'a&b=c',
    'a+b',
    '[x]',
    'emoji-\u{1F600}',
    'e\u0301',
    '\u00a0a',
    '~',
    '$x',
    '*',
    'a|b',
    'é',
    'm:x',
  ],
];

async function ask(urls: readonly (readonly [string, string])[], names: readonly string[]) {
  const folder = await bedFolder('proxy-url');
  try {
    await writeFile(join(folder, 'ask.json'), JSON.stringify({ urls, names }));
    const finished = await runPython(RESOLVE, [join(folder, 'ask.json')]);
    expect(finished.stderr + String(finished.code)).toMatch(/0$/);
    return JSON.parse(finished.stdout) as {
      readonly urls: readonly (string | null)[];
      readonly names: readonly (string | null)[];
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A URL as it is requested: encoded, without credentials. */
function requested(stock: string): string {
  const url = new URL(stock);
  url.username = '';
  url.password = '';
  return url.href;
}

/** A place and the directories above it: what is in them is found in their listings. */
function withDirectories(place: string): string[] {
  return place.split('/').map((_, index, segments) => segments.slice(0, index + 1).join('/'));
}

test('addresses and stored names are those of the stock client and server', async () => {
  const pairs = ARTIFACTS.flatMap((artifact) => TRACKINGS.map((tracking) => [artifact, tracking] as const));
  const places = NAMES.flatMap((name) => [name, `0/r/${name}`, `0/r/${name}/x`]);
  const asked = [...new Set(places.flatMap(withDirectories))];
  const stock = await ask(pairs, asked);
  for (const [index, [artifact, tracking]] of pairs.entries()) {
    const theirs = stock.urls[index];
    const ours = () => resolveProxyUrl(artifact, tracking).href;
    if (typeof theirs === 'string') expect(ours(), `${artifact} ${tracking}`).toBe(requested(theirs));
    else expect(ours, `${artifact} ${tracking}`).toThrow(Failure);
  }
  const intact = new Set(asked.filter((place, index) => stock.names[index] === place));
  for (const place of places) {
    expect(placeTrouble(place) === undefined, place).toBe(
      withDirectories(place).every((each) => intact.has(each)),
    );
  }
});
