// The phone page: state, server events, contacts, composer. Bubbles and faults are drawn by their own files.

import { bubble, el } from '/bubbles.js';
import { drawFaults } from '/faults.js';
import { words } from '/words.js';

const $ = (id) => document.getElementById(id);
const state = { contacts: new Map(), phone: null, messages: [], faults: {}, business: {}, language: savedLanguage(), typingUntil: 0, follow: false, lost: false, health: { unacknowledged: 0, status: null } };
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const NAMES = ['Ana', 'Bruno', 'Carla', 'Davi', 'Elisa', 'Fábio', 'Gabi', 'Hugo', 'Iara', 'João', 'Lia', 'Mauro', 'Nina', 'Otávio', 'Rita'];

const say = (word) => words[state.language][word] ?? word;
const time = (at) => new Date(at).toLocaleTimeString(state.language, { hour: '2-digit', minute: '2-digit' });

function savedLanguage() {
  try {
    const saved = localStorage.getItem('language');
    if (saved in words) return saved;
  } catch { /* Storage may be forbidden; the browser's language will do. */ }
  return navigator.language.startsWith('pt') ? 'pt-BR' : navigator.language.startsWith('en') ? 'en' : 'pt-BR';
}

async function ask(method, path, body) {
  const options = { method, headers: body === undefined ? {} : { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) };
  const response = await fetch(path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

const of = (phone, rest = '') => `/sim/contacts/${encodeURIComponent(phone)}${rest}`;

/** Runs an action; what goes wrong is shown under the phone until the next one works. */
async function attempt(action) {
  try {
    const answer = await action();
    $('error').hidden = true;
    return answer;
  } catch (error) {
    $('error').textContent = error.message;
    $('error').hidden = false;
    return undefined;
  }
}

// ---- words ----
function translate() {
  document.documentElement.lang = state.language;
  document.title = say('title');
  for (const node of document.querySelectorAll('[data-word]')) node.textContent = say(node.dataset.word);
  for (const node of document.querySelectorAll('[data-placeholder]')) node.placeholder = say(node.dataset.placeholder);
  for (const node of document.querySelectorAll('[data-title]')) node.title = say(node.dataset.title);
  $('language').textContent = state.language === 'en' ? 'Português' : 'English';
  drawAll();
}

function drawAll() {
  drawContacts();
  drawThread();
  drawHead();
  drawHealth();
  drawFaults($('faults'), { faults: state.faults, phone: state.phone, say, change: putFaults });
}

const putFaults = (next) => attempt(async () => { state.faults = await ask('PUT', '/sim/faults', next); drawAll(); });

// ---- people ----
const pretty = (phone) => phone.replace(/^55(\d{2})(\d{4,5})(\d{4})$/, '+55 $1 $2-$3').replace(/^(\d)/, (digit) => (phone.startsWith('55') && phone.length >= 12 ? digit : `+${digit}`));

function drawContacts() {
  const query = $('search').value.trim().toLowerCase();
  const shown = [...state.contacts.values()].filter((contact) => !query || contact.name.toLowerCase().includes(query) || contact.phone.includes(query.replace(/\D/g, '') || query)).sort((a, b) => b.last_at.localeCompare(a.last_at));
  const focused = $('contacts').contains(document.activeElement) ? document.activeElement.dataset.phone : null;
  $('contacts').replaceChildren(...shown.map((contact) => el('li', {}, el('button', {
    type: 'button', class: 'contact', 'data-testid': 'contact-item', 'data-phone': contact.phone, 'aria-current': contact.phone === state.phone && 'true', onclick: () => openContact(contact.phone),
  }, avatar(contact.name, contact.phone), el('span', { class: 'who' }, el('strong', {}, contact.name), el('small', {}, contact.last_text || pretty(contact.phone))), contact.unread ? el('span', { class: 'badge' }, String(contact.unread)) : null))));
  $('no-contacts').hidden = state.contacts.size > 0;
  if (focused) $('contacts').querySelector(`[data-phone="${CSS.escape(focused)}"]`)?.focus();
}

function avatar(name, seed) {
  const node = el('span', { class: 'avatar', 'aria-hidden': 'true' }, [...name.trim()][0]?.toUpperCase() ?? '?');
  node.style.setProperty('--hue', String([...seed].reduce((sum, digit) => (sum * 7 + digit.charCodeAt(0)) % 360, 0)));
  return node;
}

async function addContact(digits, name) {
  const contact = await attempt(() => ask('PUT', of(digits), name ? { name } : {}));
  if (!contact) return;
  state.contacts.set(contact.phone, contact);
  await openContact(contact.phone);
}

async function openContact(phone) {
  if ($('sheet').open) showSheet(false);
  state.phone = phone;
  state.typingUntil = 0;
  history.replaceState(null, '', `#${phone}`);
  const answer = await attempt(() => ask('GET', of(phone, '/messages')));
  if (state.phone !== phone || !answer) return;
  state.messages = answer.messages;
  state.follow = true;
  drawAll();
  look();
  if (matchMedia('(hover: hover)').matches) $('text').focus();
}

/** Looking at a chat reads it. */
function look() {
  const contact = state.contacts.get(state.phone);
  const unread = state.messages.some((message) => message.direction === 'out' && message.ticks !== 'read' && message.ticks !== 'played' && message.ticks !== 'failed' && message.type !== 'reaction');
  if (contact && unread && document.visibilityState === 'visible') attempt(() => ask('POST', of(contact.phone, '/read'), {}));
}

// ---- thread ----
function drawHead() {
  const contact = state.contacts.get(state.phone);
  $('owner').textContent = contact ? `${say('phoneOf')} ${contact.name}` : say('choose');
  $('owner-details').textContent = contact ? `${pretty(contact.phone)} · ${say(contact.window_open ? 'windowOpen' : 'windowClosed')}` : '';
  $('business-name').textContent = state.business.name ?? '';
  $('business-avatar').textContent = [...(state.business.name ?? '')][0] ?? '';
  $('presence').textContent = state.typingUntil > Date.now() ? say('typing') : say('online');
  $('composer').toggleAttribute('inert', !contact);
  const fresh = contact && state.messages.length === 0;
  $('suggestions').replaceChildren(...(fresh ? say('suggestions').map((text) => el('button', { type: 'button', class: 'quiet', onclick: () => sendText(text) }, text)) : []));
}

function drawThread() {
  const reactions = new Map();
  for (const message of state.messages) {
    if (message.type === 'reaction') reactions.set(`${message.payload?.message_id}|${message.direction}`, message.payload?.emoji);
  }
  const byId = new Map(state.messages.map((message) => [message.id, message]));
  const nodes = [];
  let day = null;
  for (const message of state.messages) {
    if (message.type === 'reaction') continue;
    const date = new Date(message.at).toLocaleDateString(state.language, { day: 'numeric', month: 'long' });
    if (date !== day) nodes.push(el('p', { class: 'day' }, date));
    day = date;
    const stuck = ['in', 'out'].map((direction) => reactions.get(`${message.id}|${direction}`)).filter(Boolean);
    const quoted = byId.get(message.context?.id ?? message.context?.message_id);
    nodes.push(bubble(message, { quoted, reactions: stuck, actions: { tap, openList }, say, time }));
  }
  if (state.typingUntil > Date.now()) nodes.push(el('div', { class: 'message out typing', 'data-testid': 'typing', 'aria-label': say('typing') }, el('div', { class: 'bubble' }, el('i'), el('i'), el('i'))));
  const thread = $('thread');
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 120;
  thread.replaceChildren(...nodes);
  if (atEnd || state.follow) thread.scrollTop = thread.scrollHeight;
  state.follow = false;
}

// ---- what the customer does ----
const write = (message) => attempt(() => ask('POST', of(state.phone, '/messages'), message));
const sendText = (body) => write({ type: 'text', text: { body } });

function reply(message, kind, answer) {
  return write({ type: 'interactive', interactive: { type: kind, [kind]: answer }, context: { from: state.business.display_phone_number, id: message.id } });
}

const tap = (message, { id, title }) => reply(message, 'button_reply', { id, title });

function openList(message) {
  const action = message.payload.action;
  $('sheet').dataset.message = message.id;
  $('sheet-title').textContent = action.button ?? '';
  const choose = (row) => { showSheet(false); reply(message, 'list_reply', { id: row.id, title: row.title, ...(row.description ? { description: row.description } : {}) }); };
  const rowNode = (row) => el('button', { type: 'button', class: 'list-row', 'data-testid': 'list-row', 'data-id': row.id, onclick: () => choose(row) }, el('strong', {}, row.title), row.description ? el('small', {}, row.description) : null);
  $('sheet-rows').replaceChildren(...action.sections.flatMap((section) => [section.title ? el('h4', {}, section.title) : null, ...section.rows.map(rowNode)].filter(Boolean)));
  showSheet(true);
  $('sheet-rows').querySelector('button')?.focus();
}

/** Not modal: the sheet belongs to the phone, the rest of the page stays usable. */
function showSheet(open) {
  if (open) $('sheet').show();
  else $('sheet').close();
  $('shade').hidden = !open;
  for (const id of ['thread', 'composer']) $(id).toggleAttribute('inert', open);
  if (!open) $('thread').querySelector(`[data-id="${CSS.escape($('sheet').dataset.message)}"] [data-testid="list-opener"]`)?.focus();
}

async function sendFile(file) {
  if (file.size > FILE_BYTES_MAX) return attempt(() => { throw new Error(say('tooBig')); });
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  for (let at = 0; at < bytes.length; at += 32768) binary += String.fromCharCode(...bytes.subarray(at, at + 32768));
  const kind = ['image', 'audio', 'video'].find((prefix) => file.type.startsWith(`${prefix}/`)) ?? 'document';
  const payload = { data_base64: btoa(binary), mime_type: file.type || 'application/octet-stream', ...(kind === 'document' ? { filename: file.name } : {}) };
  return write({ type: kind, [kind]: payload });
}

// ---- server events ----
function drawHealth() {
  const { unacknowledged, status } = state.health;
  const failing = status !== null && status !== 200;
  const text = state.lost ? say('lost') : unacknowledged === 0 ? say('acknowledged') : failing ? `${say('failing')} ${status} · ${unacknowledged}` : `${say('waiting')} · ${unacknowledged}`;
  $('health').textContent = text;
  $('health').dataset.state = state.lost || (failing && unacknowledged) ? 'bad' : unacknowledged ? 'busy' : 'good';
}

async function refresh() {
  const [list, faults, business, webhook] = await Promise.all(['/sim/contacts', '/sim/faults', '/sim/business', '/sim/webhook'].map((path) => ask('GET', path)));
  state.contacts = new Map(list.contacts.map((contact) => [contact.phone, contact]));
  Object.assign(state, { faults, business, health: { unacknowledged: webhook.unacknowledged, status: null } });
  const wanted = state.phone ?? location.hash.slice(1);
  if (state.contacts.has(wanted)) await openContact(wanted);
  else drawAll();
}

let drawn = false;
/** Many events, one drawing a frame. */
function redraw() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => { drawn = false; drawContacts(); drawThread(); drawHead(); });
}

const on = {
  hello: () => { state.lost = false; attempt(refresh); },
  resync: () => attempt(refresh),
  message: ({ phone, contact, message }) => {
    if (contact) state.contacts.set(phone, contact);
    if (phone === state.phone && message && !state.messages.some((known) => known.id === message.id)) {
      state.messages.push(message);
      if (message.direction === 'in') state.follow = true;
      if (message.direction === 'out') { state.typingUntil = 0; queueMicrotask(look); }
    }
    redraw();
  },
  ticks: ({ phone, id, ticks }) => {
    const message = phone === state.phone && state.messages.find((known) => known.id === id);
    if (message) message.ticks = ticks;
    const contact = state.contacts.get(phone);
    if (contact && ticks === 'read' && phone === state.phone) contact.unread = 0;
    redraw();
  },
  contact: (contact) => { state.contacts.set(contact.phone, contact); redraw(); },
  typing: ({ phone, for_ms }) => {
    if (phone !== state.phone) return;
    state.typingUntil = Date.now() + for_ms;
    setTimeout(redraw, for_ms + 50);
    redraw();
  },
  faults: (faults) => { state.faults = faults; drawAll(); },
  webhook: (health) => { state.health = health; drawHealth(); },
};

function listen() {
  const source = new EventSource('/sim/stream');
  for (const [name, act] of Object.entries(on)) source.addEventListener(name, (event) => act(JSON.parse(event.data)));
  source.onerror = () => { state.lost = true; drawHealth(); };
}

// ---- controls ----
$('composer').addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = $('text').value.trim();
  if (!text || !state.phone) return;
  $('text').value = '';
  if (!(await sendText(text))) $('text').value = text;
});
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); $('composer').requestSubmit(); }
});
$('attachment').addEventListener('change', async (event) => {
  const [file] = event.target.files;
  if (file && state.phone) await sendFile(file);
  event.target.value = '';
});
$('new-contact').addEventListener('submit', async (event) => {
  event.preventDefault();
  const digits = $('new-phone').value.replace(/\D/g, '');
  if (digits.length < 10 || digits.length > 15) return attempt(() => { throw new Error(say('badPhone')); });
  $('new-phone').value = '';
  return addContact(digits.length <= 11 ? `55${digits}` : digits);
});
$('random-contact').addEventListener('click', () => {
  const number = String(10000000 + Math.floor(Math.random() * 89999999));
  addContact(`55119${number}`, NAMES[Math.floor(Math.random() * NAMES.length)]);
});
$('contacts').addEventListener('keydown', (event) => {
  const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
  const next = step && event.target.closest('li')?.[step];
  if (next) { event.preventDefault(); next.querySelector('button').focus(); }
});
$('search').addEventListener('input', drawContacts);
for (const id of ['sheet-close', 'shade']) $(id).addEventListener('click', () => showSheet(false));
$('sheet').addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const rows = [...$('sheet-rows').querySelectorAll('button')];
  if (event.key === 'Escape') showSheet(false);
  else if (step) { event.preventDefault(); rows[rows.indexOf(document.activeElement) + step]?.focus(); }
});
$('faults-off').addEventListener('click', () => putFaults({}));
$('advance').addEventListener('click', () => attempt(async () => { await ask('POST', '/sim/clock/advance', { ms: 24 * 3600 * 1000 }); await refresh(); }));
$('panel-toggle').addEventListener('click', () => {
  const open = document.body.classList.toggle('no-panel');
  $('panel-toggle').setAttribute('aria-expanded', String(!open));
});
$('language').addEventListener('click', () => {
  state.language = state.language === 'en' ? 'pt-BR' : 'en';
  try { localStorage.setItem('language', state.language); } catch { /* Only this visit, then. */ }
  translate();
});
document.addEventListener('visibilitychange', look);
const tick = () => { $('clock').textContent = new Date().toLocaleTimeString(state.language, { hour: '2-digit', minute: '2-digit' }); };
setInterval(tick, 10_000);
tick();
translate();
listen();
