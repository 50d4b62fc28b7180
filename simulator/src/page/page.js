// The phone page: state, server events, contacts, composer. Bubbles and faults are drawn by their own files.

import { bubble, el } from '/bubbles.js';
import { deeds } from '/deeds.js';
import { drawFaults } from '/faults.js';
import { closeSheet } from '/sheets.js';
import { drawTools } from '/tools.js';
import { words } from '/words.js';

const $ = (id) => document.getElementById(id);
const state = { number: null, numbers: [], answering: null, member: 0, contacts: new Map(), phone: null, messages: [], faults: {}, business: {}, language: savedLanguage(), typingUntil: 0, follow: false, lost: false, health: { unacknowledged: 0, status: null } };
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

/** Which number of the business is meant; until the page knows them, the simulator's first. */
const about = () => (state.number ? `phone_number_id=${encodeURIComponent(state.number)}` : '');

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
  drawNumbers();
  drawFaults($('faults'), { faults: state.faults, phone: state.phone, say, change: putFaults });
  drawTools($('tools'), host);
}

const putFaults = (next) => attempt(async () => { state.faults = await ask('PUT', '/sim/faults', next); drawAll(); });

/** Which number of the business the phone is talking to; shown only when there are several. */
function drawNumbers() {
  $('number').hidden = state.numbers.length < 2;
  $('number').replaceChildren(...state.numbers.map(({ phone_number_id, name, display_phone_number }) => el('option', { value: phone_number_id }, `${name} · ${pretty(display_phone_number)}`)));
  $('number').value = state.number ?? '';
}

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
  closeSheet();
  if (state.phone !== phone) answering(null);
  state.phone = phone;
  state.typingUntil = 0;
  history.replaceState(null, '', `#${phone}`);
  const answer = await attempt(() => ask('GET', of(phone, `/messages?${about()}`)));
  if (state.phone !== phone || !answer) return;
  state.messages = answer.messages;
  state.follow = true;
  drawAll();
  look();
  if (matchMedia('(hover: hover)').matches) $('text').focus();
}

/** What became of older messages: reactions, edits, deletions. */
async function reread() {
  const phone = state.phone;
  const answer = await attempt(() => ask('GET', of(phone, `/messages?${about()}`)));
  if (state.phone !== phone || !answer) return;
  state.messages = answer.messages;
  redraw();
}

/** Looking at a chat reads it. */
function look() {
  const contact = state.contacts.get(state.phone);
  const unread = state.messages.some((message) => message.direction === 'out' && message.ticks !== 'read' && message.ticks !== 'played' && message.ticks !== 'failed' && message.type !== 'reaction' && !message.from_app);
  if (contact && unread && document.visibilityState === 'visible') attempt(() => ask('POST', of(contact.phone, '/read'), {}));
}

// ---- thread ----
function drawHead() {
  const contact = state.contacts.get(state.phone);
  $('owner').textContent = contact ? `${say('phoneOf')} ${contact.name}` : say('choose');
  const window = contact?.windows?.[state.number] ? 'windowOpen' : 'windowClosed';
  const known = contact?.identity === 'username' ? `@${contact.username}` : contact?.identity === 'bsuid' ? 'BSUID' : contact && pretty(contact.phone);
  $('owner-details').textContent = !contact ? '' : contact.members ? contact.members.map(pretty).join(', ') : `${known} · ${say(window)}`;
  $('business-name').textContent = state.business.name ?? '';
  $('business-avatar').textContent = [...(state.business.name ?? '')][0] ?? '';
  $('presence').textContent = state.typingUntil > Date.now() ? say('typing') : say('online');
  $('composer').toggleAttribute('inert', !contact);
  const fresh = contact && state.messages.length === 0;
  $('suggestions').replaceChildren(...(fresh ? say('suggestions').map((text) => el('button', { type: 'button', class: 'quiet', onclick: () => acts.say(text) }, text)) : []));
}

function drawThread() {
  const byId = new Map(state.messages.map((message) => [message.id, message]));
  const nodes = [];
  let day = null;
  for (const message of state.messages) {
    if (message.type === 'reaction') continue;
    const date = new Date(message.at).toLocaleDateString(state.language, { day: 'numeric', month: 'long' });
    if (date !== day) nodes.push(el('p', { class: 'day' }, date));
    day = date;
    const quoted = byId.get(message.context?.id ?? message.context?.message_id);
    nodes.push(bubble(message, { quoted, actions: acts, say, time, group: Boolean(state.contacts.get(state.phone)?.members) }));
  }
  if (state.typingUntil > Date.now()) nodes.push(el('div', { class: 'message out typing', 'data-testid': 'typing', 'aria-label': say('typing') }, el('div', { class: 'bubble' }, el('i'), el('i'), el('i'))));
  const thread = $('thread');
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 120;
  thread.replaceChildren(...nodes);
  if (atEnd || state.follow) thread.scrollTop = thread.scrollHeight;
  state.follow = false;
}

// ---- what the customer does ----
/** Shows what the next message answers or edits, or nothing. */
function answering(next) {
  state.answering = next;
  $('answering').hidden = !next;
  if (!next) return;
  $('answering-what').textContent = say(next.edit ? 'editing' : 'answering');
  $('answering-text').textContent = next.message.text;
  if (next.edit) $('text').value = next.message.text;
  $('text').focus();
}

const fail = (words) => attempt(() => { throw new Error(words); });
const host = { ask, attempt, of, about, say, state, answering, fail, refresh: () => refresh(), reread };
const acts = deeds(host);

// ---- server events ----
function drawHealth() {
  const { unacknowledged, status } = state.health;
  const failing = status !== null && status !== 200;
  const text = state.lost ? say('lost') : unacknowledged === 0 ? say('acknowledged') : failing ? `${say('failing')} ${status} · ${unacknowledged}` : `${say('waiting')} · ${unacknowledged}`;
  $('health').textContent = text;
  $('health').dataset.state = state.lost || (failing && unacknowledged) ? 'bad' : unacknowledged ? 'busy' : 'good';
}

async function refresh() {
  const [list, faults, { numbers }, webhook] = await Promise.all(['/sim/contacts', '/sim/faults', '/sim/numbers', '/sim/webhook'].map((path) => ask('GET', path)));
  state.contacts = new Map(list.contacts.map((contact) => [contact.phone, contact]));
  const business = numbers.find(({ phone_number_id }) => phone_number_id === state.number) ?? numbers[0];
  state.number = business.phone_number_id;
  Object.assign(state, { faults, business, numbers, health: { unacknowledged: webhook.unacknowledged, status: null } });
  const wanted = state.phone ?? location.hash.slice(1);
  if (state.contacts.has(wanted)) await openContact(wanted);
  else drawAll();
}

let drawn = false;
/** Many events, one drawing a frame. */
function redraw() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => { drawn = false; drawContacts(); drawThread(); drawHead(); drawTools($('tools'), host); });
}

const on = {
  hello: () => { state.lost = false; attempt(refresh); },
  resync: () => attempt(refresh),
  message: ({ phone, contact, message }) => {
    if (contact) state.contacts.set(phone, contact);
    if (phone === state.phone && message && (!state.number || message.phone_number_id === state.number) && !state.messages.some((known) => known.id === message.id)) {
      state.messages.push(message);
      if (message.direction === 'in') state.follow = true;
      if (message.direction === 'out') { state.typingUntil = 0; queueMicrotask(look); }
      if (message.type === 'reaction') reread();
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
  if (!(await acts.words(text))) $('text').value = text;
});
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); $('composer').requestSubmit(); }
});
$('attachment').addEventListener('change', async (event) => {
  const [file] = event.target.files;
  if (file && state.phone) await acts.file(file);
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
$('attach').addEventListener('click', () => acts.attach());
$('answering-cancel').addEventListener('click', () => { if (state.answering?.edit) $('text').value = ''; answering(null); });
$('number').addEventListener('change', (event) => { state.number = event.target.value; attempt(refresh); });
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
