import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf, makeWorkspace } from './workspace.ts';

/** Runs work in another working directory, and gives an import that it may have started the time to run. */
async function inDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(directory);
  try {
    const result = await work();
    await new Promise((done) => setTimeout(done, 150));
    expect(process.cwd()).toBe(directory);
    return result;
  } finally {
    process.chdir(before);
  }
}

describe('configuration files', () => {
  it.each([
    ['mlstow.config.yaml', 's3: { region: here }'],
    ['mlstow.config.yml', 's3.region: here'],
    ['mlstow.config.json', '{\n\t"s3": {\n\t\t"region": "here"\n\t}\n}'],
    ['.mlstowrc', 's3:\n  region: here'],
    ['.mlstowrc', '{"s3.region": "here"}'],
    ['package.json', '{"name": "x", "mlstow": {"s3": {"region": "here"}}}'],
  ])('reads %s', async (name, content) => {
    const space = await makeWorkspace();
    const file = await space.write(`project/${name}`, content);
    const config = await space.load();
    expect(config.resolved('s3.region')).toMatchObject({
      value: 'here',
      origin: { from: 'file', file, project: true },
    });
    expect(config.files).toEqual([file]);
  });

  it('tells the line of a key in JSON too', async () => {
    const space = await makeWorkspace();
    await space.write(
      'project/package.json',
      '{\n  "mlstow": {\n    "s3": {\n      "region": "here"\n    }\n  }\n}',
    );
    expect((await space.load()).resolved('s3.region').origin.line).toBe(4);
  });

  it('finds the nearest file above, and nothing above the first .git', async () => {
    const space = await makeWorkspace();
    await space.write('mlstow.config.yaml', 's3.region: outside');
    const cwd = join(space.project, 'a/b');
    await space.write('project/a/b/.keep', '');
    expect((await space.load({ cwd })).get('s3.region')).toBeUndefined();
    await space.write('project/mlstow.config.yaml', 's3.region: top');
    expect((await space.load({ cwd })).get('s3.region')).toBe('top');
    await space.write('project/a/.mlstowrc', 's3.region: nearer');
    expect((await space.load({ cwd })).get('s3.region')).toBe('nearer');
  });

  it('stops at the first package.json, of whatever content', async () => {
    const space = await makeWorkspace();
    await space.write('project/mlstow.config.yaml', 's3.region: top');
    await space.write('project/a/package.json', 'not json at all');
    expect((await space.load({ cwd: join(space.project, 'a') })).get('s3.region')).toBeUndefined();
  });

  it('honours an absolute XDG_CONFIG_HOME', async () => {
    const space = await makeWorkspace();
    await space.write('xdg/mlstow/config.yaml', 's3.region: xdg');
    await space.write('home/.config/mlstow/config.yaml', 's3.region: home');
    const at = async (XDG_CONFIG_HOME: string) =>
      (await space.load({ env: { XDG_CONFIG_HOME } })).get('s3.region');
    expect(await at(join(space.root, 'xdg'))).toBe('xdg');
    expect(await at('xdg')).toBe('home');
  });

  it.each(['js', 'cjs', 'mjs', 'ts'])(
    'never executes a .%s file of the working directory',
    async (extension) => {
      const space = await makeWorkspace();
      const trap = join(space.root, 'executed');
      const isModule = extension === 'mjs' || extension === 'ts';
      const load = isModule
        ? `import { writeFileSync } from 'node:fs'`
        : `const { writeFileSync } = require('node:fs')`;
      const script = `${load}; writeFileSync(${JSON.stringify(trap)}, 'x');`;
      for (const name of ['mlstow.config', '.mlstowrc', '.config/mlstowrc', '.config/config']) {
        await space.write(`project/${name}.${extension}`, script);
      }
      await space.write('home/.config/mlstow/config.yaml', 's3.region: mine');
      expect(await inDirectory(space.project, async () => (await space.load()).get('s3.region'))).toBe(
        'mine',
      );
      expect(existsSync(trap)).toBe(false);
    },
  );

  it.each([
    ['package.json', '{"cosmiconfig": {"searchPlaces": ["evil.json"]}}'],
    ['.config/config.json', '{"cosmiconfig": {"searchPlaces": ["evil.json"]}}'],
  ])('is not sent elsewhere by %s of the working directory', async (name, content) => {
    const space = await makeWorkspace();
    await space.write(`project/${name}`, content);
    await space.write('project/evil.json', '{"s3.region": "evil"}');
    await space.write('project/mlstow.config.yaml', 's3.region: mine');
    expect(await inDirectory(space.project, async () => (await space.load()).get('s3.region'))).toBe('mine');
  });

  it.each([
    ['mlstow.config.yaml', 's3:\n  region: "open\n', /:\d+: /],
    ['mlstow.config.yaml', 'a: 1\nb: [', /:\d+: /],
    ['mlstow.config.yaml', 's3: 1\ns3: 2\n', /:\d: .*unique/],
    ['mlstow.config.yaml', 's3.region: a\ns3:\n  region: b\n', /:3: s3\.region is there already, in line 1/],
    ['mlstow.config.yaml', '- a\n', /:1: the file is not a mapping/],
    ['mlstow.config.yaml', 'profiles:\n  prod: yes\n', /:2: profile prod is not a mapping/],
    ['mlstow.config.json', '{"s3": ', /:1: /],
    ['package.json', '{"mlstow": "x"}', /:1: the file is not a mapping/],
  ])('says in one sentence where %s cannot be parsed (%j)', async (name, content, message) => {
    const space = await makeWorkspace();
    const file = await space.write(`project/${name}`, content);
    const failure = await failureOf(() => space.load());
    expect(failure).toMatchObject({
      kind: 'misconfigured',
      message: expect.stringMatching(message) as unknown,
    });
    expect((failure as Error).message).toContain(file);
    expect((failure as Error).message).not.toContain('\n');
  });

  it('survives an alias bomb, custom tags and __proto__', async () => {
    const space = await makeWorkspace();
    const bomb = Array.from({ length: 9 }, (_unused, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
    await space.write('project/mlstow.config.yaml', `l0: &l0 [x]\n${bomb.join('\n')}\n`);
    expect(await failureOf(() => space.load())).toMatchObject({ kind: 'misconfigured' });
    await space.write(
      'project/mlstow.config.yaml',
      '__proto__: { secret: true }\ns3.region: !!js/function "evil()"\n',
    );
    const config = await space.load();
    expect(config.get('s3.region')).toBe('evil()');
    expect(Object.prototype).not.toHaveProperty('secret');
  });

  it('takes an empty file and null values as nothing', async () => {
    const space = await makeWorkspace();
    await space.write('project/mlstow.config.yaml', 's3:\n  region:\ntracking:\n# nothing\n');
    await space.write('home/.config/mlstow/config.yaml', '');
    const config = await space.load();
    expect(config.get('s3.region')).toBeUndefined();
    expect(config.ignored.map((one) => one.name)).toEqual([]);
  });

  it('counts relative paths from the file and ~ from home', async () => {
    const space = await makeWorkspace();
    await space.write(
      'home/.config/mlstow/config.yaml',
      's3.caBundle: ca.pem\nnet.caFile: ~/c.pem\nartifacts.sharedPaths: [/mnt/a, ~/b, c]\n',
    );
    const config = await space.load({ env: { MLFLOW_TRACKING_SERVER_CERT_PATH: 'x.pem' } });
    const own = join(space.home, '.config/mlstow');
    expect(config.get('s3.caBundle')).toBe(join(own, 'ca.pem'));
    expect(config.get('net.caFile')).toBe(join(space.home, 'c.pem'));
    expect(config.get('artifacts.sharedPaths')).toEqual(['/mnt/a', join(space.home, 'b'), join(own, 'c')]);
    expect(config.get('tracking.serverCertPath')).toBe(join(space.project, 'x.pem'));
    expect(config.get('sftp.configFile')).toBe(join(space.home, '.ssh/config'));
  });
});

describe('profiles', () => {
  it('--profile beats MLSTOW_PROFILE, and either file may have it', async () => {
    const space = await makeWorkspace();
    await space.write('project/mlstow.config.yaml', 'profiles: { staging: { s3: { region: s } } }');
    await space.write('home/.config/mlstow/config.yaml', 'profiles: { prod: { s3.region: p } }');
    const env = { MLSTOW_PROFILE: 'prod' };
    expect((await space.load({ env })).get('s3.region')).toBe('p');
    const config = await space.load({ env, profile: 'staging' });
    expect(config.get('s3.region')).toBe('s');
    expect([config.profile, config.get('cli.profile')]).toEqual(['staging', 'staging']);
    expect((await space.load({ flags: { 'cli.profile': 'prod' } })).get('s3.region')).toBe('p');
    expect((await space.load()).get('s3.region')).toBeUndefined();
  });

  it('refuses one that no file has, naming those that exist', async () => {
    const space = await makeWorkspace();
    await space.write('project/mlstow.config.yaml', 'profiles: { staging: {}, prod: {} }');
    expect(await failureOf(() => space.load({ profile: 'prdo' }))).toMatchObject({
      facts: { kind: 'usage', subject: '--profile', hint: 'did you mean prod? profiles: staging, prod' },
    });
    expect(await failureOf(() => space.load({ env: { MLSTOW_PROFILE: 'x' } }))).toMatchObject({
      facts: { kind: 'misconfigured', subject: 'MLSTOW_PROFILE', hint: 'profiles: staging, prod' },
    });
  });

  it('refuses one where there is no file at all', async () => {
    const space = await makeWorkspace();
    expect(await failureOf(() => space.load({ profile: 'prod' }))).toMatchObject({
      facts: { kind: 'usage', hint: 'add profiles.prod to ~/.config/mlstow/config.yaml' },
    });
  });
});
