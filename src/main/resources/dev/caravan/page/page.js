'use strict';
// Shows what the server tells. Text is always set as text, never as HTML.

const $ = id => document.getElementById(id);

function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'style') Object.assign(node.style, value);
    else if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.flat(9).filter(child => child !== null && child !== undefined));
  return node;
}

/** Replaces children only if they say something else, so that nothing jumps and nothing is read out twice. */
function put(node, ...children) {
  const next = h(node.tagName, {}, ...children);
  if (next.innerHTML !== node.innerHTML) node.replaceChildren(...next.childNodes);
}

// ---- words

const whole = new Intl.NumberFormat('en');
const number = value => Math.abs(value) >= 10 || Number.isInteger(value)
  ? whole.format(Math.round(value)) : value.toFixed(value !== 0 && value < 1 ? 2 : 1);

function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit++; }
  return (unit === 0 ? value : value.toFixed(1)) + ' ' + units[unit];
}

function span(seconds) {
  if (seconds < 1) return Math.round(seconds * 1000) + ' ms';
  if (seconds < 100) return (seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)) + ' s';
  if (seconds < 7200) return Math.round(seconds / 60) + ' min';
  return seconds < 172800 ? Math.round(seconds / 3600) + ' h' : Math.round(seconds / 86400) + ' days';
}

const clock = (millis, seconds) => new Date(millis).toLocaleTimeString('en-GB',
  seconds === false ? { hour: '2-digit', minute: '2-digit' } : {});
const count = (n, word) => whole.format(n) + ' ' + word + (n === 1 ? '' : 's');
const sum = (list, of) => list.reduce((all, one) => all + of(one), 0);

// ---- the state

let now = 0, heard = 0, alive = false;

function showStatus(status) {
  now = status.at;
  heard = Date.now();
  const host = status.clients.map(client => client.host).filter(Boolean).join(', ');
  $('where').textContent = [status.version && 'version ' + status.version, host,
    'running for ' + span((status.at - status.since) / 1000)].filter(Boolean).join(' · ');
  const { state, headline, problems, degraded } = status.verdict;
  $('verdict').dataset.state = state;
  if ($('headline').textContent !== headline) $('headline').textContent = headline;
  put($('sentences'), [...problems, ...degraded].map(sentence => h('li', {}, sentence)));
  document.title = (state === 'flowing' || state === 'idle' ? '' : state.toUpperCase() + ' · ') + 'Caravan';
  put($('road'), genesys(status), shards(status), spool(status), kafka(status));
  showTopics(status.subscriptions);
}

function stage(title, state, ...children) {
  return h('li', { 'data-state': state }, h('h3', {}, title), ...children);
}

function big(value, unit) {
  return h('div', { class: 'big' }, value, h('small', {}, unit));
}

function line(left, right, attributes) {
  return h('li', {}, h('span', attributes || {}, left), h('span', {}, right));
}

function genesys(status) {
  const hurt = status.clients.some(client => client.shards.some(shard => shard.state === 'broken'));
  const used = sum(status.clients, client => client.channels);
  const short = status.clients.some(client => client.restLeft >= 0 && client.restLeft < 30);
  return stage('Genesys Cloud', hurt ? 'bad' : short ? 'warn' : used ? 'good' : 'calm',
    big(number(used), used === 1 ? 'channel' : 'channels'),
    h('ul', { class: 'lines' }, status.clients.map(client => [
      line('OAuth client', client.name),
      line('channels', number(client.channels) + ' of ' + client.mostChannels),
      line('sockets that are read', number(sum(client.shards, socketsOf))),
      client.restLeft < 0 ? null
        : line('calls left this minute', number(client.restLeft), client.restLeft < 30 ? { class: 'hurt' } : {})])));
}

const socketsOf = shard => shard.channels.filter(phase => phase === 'live').length;

function shards(status) {
  const several = status.clients.length > 1;
  const of = new Map(status.clients.flatMap(client => client.shards.map(shard => [shard, client.name])));
  const order = { broken: 0, blind: 1, idle: 3, flowing: 4 };
  const all = status.clients.flatMap(client => client.shards);
  const hurt = all.filter(shard => shard.state === 'broken' || shard.state === 'blind');
  const rate = sum(status.events, medium => medium.perSecond);
  const sorted = [...all].sort((a, b) => order[a.state] - order[b.state] || a.number - b.number);
  return stage('Shards and their sockets', hurt.length ? 'bad' : all.length ? 'good' : 'calm',
    big(number(rate), 'events a second'),
    h('ul', { class: 'lines' }, sorted.slice(0, 20).map(shard => h('li', {},
      h('span', { class: 'dot', 'data-state': shard.state },
        'shard ' + shard.number + (several ? ' of ' + of.get(shard) : '') + ': ',
        h('span', hurt.includes(shard) ? { class: 'hurt' } : {},
          shard.state + (shard.blindSeconds ? ' for ' + span(shard.blindSeconds) : '')),
        shard.channels.length > 1 || shard.channels.some(phase => phase !== 'live')
          ? h('span', { class: 'soft' }, ' (' + (shard.channels.join(', ') || 'no channel') + ')') : null),
      h('span', {}, count(shard.topics, 'subscription'))))),
    (hurt.length ? hurt : all.length <= 2 ? all : []).slice(0, 4).map(shard =>
      h('p', { class: 'note' }, (all.length > 1 ? 'Shard ' + shard.number + ': ' : '') + shard.sentence)),
    status.instances ? h('p', { class: 'note' }, status.instances) : null,
    all.length ? null : h('p', { class: 'note' }, 'No shard yet: it is being found out what to subscribe.'));
}

function spool(status) {
  const events = status.spools.find(one => one.name === 'events');
  if (!events) return stage('Spool on disk', 'calm', h('p', { class: 'note' }, 'Not open yet.'));
  const worst = status.spools.some(one => one.state === 'danger') ? 'bad'
    : status.spools.some(one => one.state === 'spooling') ? 'warn' : 'good';
  const share = Math.min(100, 100 * events.bytes / events.maxBytes);
  return stage('Spool on disk', worst,
    big(number(events.records + events.parked), events.records + events.parked === 1 ? 'event waits' : 'events wait'),
    h('div', { class: 'fill', 'aria-hidden': 'true' }, h('i', { style: { width: share + '%' } })),
    h('p', { class: 'note' }, bytes(events.bytes) + ' of ' + bytes(events.maxBytes)
      + (events.records ? ', oldest ' + span(events.oldestSeconds) : '')),
    h('ul', { class: 'lines' },
      events.parked ? line('parked, as Kafka does not take them', number(events.parked), { class: 'hurt' }) : null,
      events.dropped ? line('dropped or lost', number(events.dropped), { class: 'hurt' }) : null,
      status.spools.filter(one => one !== events).map(one => line(one.name, number(one.records + one.parked),
        { class: 'dot', 'data-state': one.state }))));
}

function kafka(status) {
  const { topics, problems, medianSeconds, slowestSeconds } = status.kafka;
  const held = status.spools.some(one => one.state !== 'delivering');
  const busiest = [...topics].sort((a, b) => b.perSecond - a.perSecond || b.total - a.total).slice(0, 9)
    .sort((a, b) => a.name < b.name ? -1 : 1);
  return stage('Kafka topics', problems.length ? 'bad' : held ? 'warn' : topics.length ? 'good' : 'calm',
    big(number(sum(topics, topic => topic.perSecond)), 'records a second'),
    h('ul', { class: 'lines' }, busiest.map(topic => h('li', {}, h('code', {}, topic.name),
      h('span', {}, number(topic.perSecond) + '/s')))),
    h('p', { class: 'note' }, topics.length
      ? number(sum(topics, topic => topic.total)) + ' acknowledged'
        + (topics.length > busiest.length ? ' on ' + topics.length + ' topics' : '')
        + '; half within ' + span(medianSeconds) + ', 99 % within ' + span(slowestSeconds)
      : 'Nothing was acknowledged yet.'));
}

function showTopics({ subscribed, rejected, expanding }) {
  const rows = Object.entries(subscribed).map(([pattern, n]) =>
    h('tr', {}, h('td', {}, h('code', {}, pattern)), h('td', { class: 'num' }, whole.format(n)), h('td', {}, 'subscribed')));
  const refused = rejected.map(one =>
    h('tr', {}, h('td', {}, h('code', {}, one.pattern)), h('td', { class: 'num' }, whole.format(one.count)),
      h('td', {}, h('span', { class: 'hurt' }, 'rejected'), ' ',
        one.missingPermissions.length ? 'The OAuth client’s role lacks ' + one.missingPermissions.join(', ') + '.' : one.sentence)));
  put($('topics'),
    expanding.length ? h('p', {}, 'Listing ' + expanding.join('; ') + '…') : null,
    rows.length + refused.length
      ? h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Subscribed topics' }, h('table', {},
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Pattern'), h('th', { scope: 'col', class: 'num' }, 'Topics'), h('th', { scope: 'col' }, 'State'))),
        h('tbody', {}, refused, rows)))
      : h('p', { class: 'note' }, 'Nothing is subscribed yet.'));
}

// ---- the timeline

const RANGES = { '15 min': 900e3, '1 h': 3600e3, '6 h': 6 * 3600e3, '24 h': 24 * 3600e3 };
let timeline = null, chosen = null;

for (const name of Object.keys(RANGES)) {
  const input = h('input', { type: 'radio', name: 'range', value: name });
  input.addEventListener('change', () => { chosen = name; showTimeline(); });
  $('ranges').append(h('label', {}, input, name));
}

function range() {
  if (chosen) return chosen;
  const first = Math.min(now, ...timeline.spans.map(one => one.from), ...timeline.gaps.map(one => one.from));
  return Object.keys(RANGES).find(name => now - first <= RANGES[name]) || '24 h';
}

function showTimeline() {
  if (!timeline || !now) return;
  const name = range(), length = RANGES[name], from = now - length;
  for (const input of document.querySelectorAll('#ranges input')) input.checked = input.value === name;
  const left = at => Math.max(0, Math.min(100, 100 * (at - from) / length));
  const quiet = row => row.startsWith('spool') && row !== 'spool events'
    && timeline.spans.every(one => one.row !== row || one.state === 'delivering');
  const names = [...new Set([...timeline.spans, ...timeline.gaps, ...timeline.marks].map(one => one.row))]
    .filter(row => !quiet(row))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en', { numeric: true }));
  $('timeline-rows').replaceChildren(...names.flatMap(row => {
    const piece = (kind, title) => h('i', { class: kind, title });
    const parts = [];
    const add = (kind, start, end, title) => {
      if (end < from) return;
      const node = piece(kind, title);
      node.style.left = left(start) + '%';
      if (end > start) node.style.width = Math.max(0, left(end) - left(start)) + '%';
      parts.push(node);
    };
    const spans = timeline.spans.filter(one => one.row === row);
    spans.forEach(one => add(one.state, one.from, now - one.to < 10000 ? now : one.to,
      one.state + ', ' + clock(one.from) + ' to ' + clock(one.to)));
    const gaps = timeline.gaps.filter(one => one.row === row);
    gaps.forEach(one => add('gap', one.from, one.to, one.sentence));
    timeline.marks.filter(one => one.row === row && ['HANDED_OVER', 'EDITED', 'STARTED'].includes(one.type))
      .forEach(one => add('mark ' + (one.type === 'HANDED_OVER' ? 'handed' : 'edited'), one.at, one.at,
        clock(one.at) + ' ' + one.sentence));
    const known = sum(spans, one => Math.max(0, one.to - Math.max(one.from, from)));
    const well = sum(spans.filter(one => ['connected', 'delivering', 'running'].includes(one.state)),
      one => Math.max(0, one.to - Math.max(one.from, from)));
    const missed = sum(gaps.filter(one => one.to > from), one => one.to - Math.max(one.from, from));
    const amount = row.startsWith('shard') ? (missed ? span(missed / 1000) + ' not read' : 'no gap')
      : row === 'bridge' ? '' : (known - well > 1000 ? span((known - well) / 1000) + ' waiting' : 'kept up');
    return [h('span', {}, row), h('span', { class: 'amount ' + (missed ? 'hurt' : 'soft') }, amount), h('div', { class: 'track', role: 'img', 'aria-label':
      row + ', last ' + name + ': ' + (amount || 'ran for ' + span(known / 1000))
      + (gaps.length ? ', ' + count(gaps.length, 'gap') : '') }, parts)];
  }), axis(from, length));
  showGaps();
  $('marks').querySelector('ol').replaceChildren(...[...timeline.marks].reverse().slice(0, 200).map(one =>
    h('li', {}, h('span', { class: 'num soft' }, clock(one.at)), h('code', {}, one.type.toLowerCase().replaceAll('_', '-')),
      h('span', {}, one.sentence))));
}

const rank = row => row.startsWith('shard') ? 0 : row === 'spool events' ? 1 : row.startsWith('spool') ? 2 : 3;

function axis(from, length) {
  const parts = 6, node = h('div', { class: 'axis', 'aria-hidden': 'true' });
  for (let i = 0; i <= parts; i++) {
    const label = h('span', {}, i === parts ? 'now' : clock(from + length * i / parts, false));
    label.style.left = 100 * i / parts + '%';
    if (i === 0) label.style.transform = 'none';
    node.append(label);
  }
  return node;
}

function showGaps() {
  const latest = [...timeline.gaps].sort((a, b) => b.from - a.from).slice(0, 20);
  if (!latest.length) {
    put($('gaps'), h('p', { class: 'note' }, 'No gaps: nothing was missed in the last 24 hours, as far as this bridge ran.'));
    return;
  }
  put($('gaps'), h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Gaps' }, h('table', {},
    h('caption', {}, count(timeline.gaps.length, 'gap') + ' in 24 hours' + (timeline.gaps.length > 20 ? ', the latest 20' : '')),
    h('thead', {}, h('tr', {}, ['From', 'Lasted', 'Where', 'Cause', 'Topics', 'Read again'].map(title => h('th', { scope: 'col' }, title)))),
    h('tbody', {}, latest.map(gap => h('tr', {},
      h('td', { class: 'when' }, clock(gap.from)), h('td', { class: 'when' }, span((gap.to - gap.from) / 1000)),
      h('td', { class: 'when' }, gap.row), h('td', { class: 'when' }, gap.cause),
      h('td', { class: 'wide' }, Object.keys(gap.topics).length
        ? Object.entries(gap.topics).map(([pattern, n]) => h('div', {}, whole.format(n) + ' × ', h('code', {}, pattern)))
        : gap.sentence),
      h('td', { class: 'wide' }, gap.backfilled || 'not yet')))))));
}

// ---- the charts

const CHARTS = [
  ['media', 'Events a second, by medium', number],
  ['topics', 'Records a second, by Kafka topic', number],
  ['latency', 'From frame to acknowledgement', value => span(value / 1000)],
  ['depth', 'Events that wait in the spool', number],
  ['age', 'Age of the oldest that waits', span],
  ['rest', 'REST calls left to the token in this minute', number]];
const KEPT = 900;
let data = {};
const plots = {};

function colour(index) {
  return getComputedStyle(document.documentElement).getPropertyValue('--c' + index % 8).trim();
}

function merge(sample) {
  for (const [group, values] of Object.entries(sample.groups)) {
    const chart = data[group] = data[group] || { at: [], series: {} };
    if (chart.at.length && chart.at[chart.at.length - 1] >= sample.at) continue;
    chart.at.push(sample.at);
    for (const name of Object.keys(values)) chart.series[name] = chart.series[name] || [];
    for (const [name, column] of Object.entries(chart.series)) {
      while (column.length < chart.at.length - 1) column.push(null);
      column.push(name in values ? values[name] : null);
    }
    if (chart.at.length > KEPT) {
      chart.at.shift();
      Object.values(chart.series).forEach(column => column.shift());
    }
  }
}

function showCharts() {
  for (const [group, title, words] of CHARTS) {
    const chart = data[group];
    const plot = plots[group] = plots[group] || newPlot(title);
    if (!chart) continue;
    const names = Object.keys(chart.series).sort();
    const shape = names.join('|') + '|' + plot.box.clientWidth;
    const columns = [chart.at.map(at => at / 1000), ...names.map(name => chart.series[name])];
    if (plot.shape !== shape) {
      if (plot.uplot) plot.uplot.destroy();
      plot.uplot = new uPlot(options(plot, names, words), columns, plot.box);
      plot.shape = shape;
    } else {
      plot.uplot.setData(columns);
    }
    legend(plot, names, columns, words, null);
    plot.box.setAttribute('aria-label', title + '. Now ' + (names.map((name, i) =>
      name + ' ' + told(columns[i + 1], columns[0].length - 1, words)).join(', ') || 'nothing') + '.');
  }
}

function newPlot(title) {
  const box = h('div', { class: 'plot', role: 'img', 'aria-label': title });
  const list = h('ul', { class: 'series', 'aria-hidden': 'true' });
  $('charts').append(h('figure', {}, h('figcaption', {}, title), box, list));
  return { box, list };
}

const told = (column, at, words) => column[at] === null || column[at] === undefined ? '–' : words(column[at]);

function legend(plot, names, columns, words, at) {
  const where = at === null || at === undefined ? columns[0].length - 1 : at;
  plot.list.replaceChildren(...names.map((name, i) => {
    const item = h('li', {}, name + ' ', h('b', {}, told(columns[i + 1], where, words)));
    item.style.setProperty('--colour', colour(i));
    return item;
  }));
}

function options(plot, names, words) {
  const style = getComputedStyle(document.documentElement);
  const soft = style.getPropertyValue('--soft').trim(), grid = style.getPropertyValue('--line').trim();
  const axis = { stroke: soft, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
  return {
    width: plot.box.clientWidth, height: 150, legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 } },
    scales: { y: { range: (u, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [{ ...axis, size: 26, values: (u, ticks) => ticks.map(tick => clock(tick * 1000, false)), space: 60 },
      { ...axis, size: 52, values: (u, ticks) => ticks.map(words), space: 34 }],
    series: [{}, ...names.map((name, i) => ({ label: name, stroke: colour(i), width: 1.6, points: { show: false },
      dash: i >= 8 ? [5, 4] : undefined, spanGaps: false }))],
    hooks: { setCursor: [u => legend(plot, names, u.data, words, u.cursor.idx)] }
  };
}

// ---- live

function live(text, className) {
  if ($('live').textContent !== text) $('live').textContent = text;
  $('live').className = className;
}

function open() {
  const events = new EventSource('events');
  events.addEventListener('status', event => { alive = true; showStatus(JSON.parse(event.data)); if (timeline) later(); });
  events.addEventListener('timeline', event => { timeline = JSON.parse(event.data); showTimeline(); });
  events.addEventListener('sample', event => { merge(JSON.parse(event.data)); showCharts(); });
  events.onopen = () => loadCharts();
}

/** The bars grow by themselves; once in a while is enough. */
let drawn = 0;
function later() {
  if (Date.now() - drawn > 10000) { drawn = Date.now(); showTimeline(); }
}

async function loadCharts() {
  try {
    data = await (await fetch('charts')).json();
    showCharts();
  } catch (e) { /* The next connection brings them */ }
}

setInterval(() => {
  const late = alive && Date.now() - heard > 8000;
  document.body.classList.toggle('stale', late);
  if (late) live('No answer since ' + clock(heard) + '; what stands here is of then', 'off');
  else if (alive) live('live', 'on');
}, 1000);

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  Object.values(plots).forEach(plot => { plot.shape = null; });
  showCharts();
});
new ResizeObserver(() => showCharts()).observe($('charts'));
$('zone').textContent = 'in ' + (Intl.DateTimeFormat().resolvedOptions().timeZone || 'this machine');
open();
