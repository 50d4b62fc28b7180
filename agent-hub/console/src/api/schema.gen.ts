/** Generated from agent-hub/openapi.json by `npm run generate`. Do not edit. */

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description It is stored. */
        Accepted: {
            /** @description The client's reference. */
            client_ref: string;
            /**
             * Format: int64
             * @description Its place in the conversation.
             */
            seq: number;
        };
        /**
         * @description Who wrote an item or did a deed.
         * @enum {string}
         */
        ActorKind: "contact" | "bot" | "agent" | "system" | "campaign" | "channel_app" | "api_key";
        /**
         * Format: uuid
         * @description A member of staff.
         */
        AgentId: string;
        /** @description A member of staff as colleagues see them. */
        AgentView: {
            /** @description Who. */
            id: components["schemas"]["AgentId"];
            /** @description Name as colleagues know it. */
            name: string;
            /** @description Role. */
            role: components["schemas"]["Role"];
            /** @description Teams they work for. */
            team_ids: components["schemas"]["TeamId"][];
            /** @description Whether they take conversations now. */
            presence: components["schemas"]["Presence"];
        };
        /** @description The key that checkpoints and exports are signed with. */
        AuditKey: {
            /** @description C2SP signed-note verifier key; give it to auditors by another way than the export. */
            vkey: string;
        };
        /** @description The author of a timeline item. */
        Author: {
            /** @description What kind of actor. */
            kind: components["schemas"]["ActorKind"];
            /**
             * Format: uuid
             * @description The contact's, agent's or key's id; absent for bot and system.
             */
            id?: string | null;
        };
        /** @description A button that we offer. */
        Button: {
            /** @description Comes back with the tap; at most 256 characters. */
            id: string;
            /** @description The label; at most 20 characters. */
            title: string;
        };
        /**
         * @description The four states people talk about, and ours for a case put aside: computed, never stored.
         * @enum {string}
         */
        CaseState: "automation" | "waiting" | "attending" | "closed" | "snoozed";
        /** @description What changed. */
        ChangePage: {
            /**
             * Format: int64
             * @description The rev that this builds on.
             */
            rev_from: number;
            /**
             * Format: int64
             * @description The rev reached by applying it.
             */
            rev_to: number;
            /** @description The head now. */
            conversation: components["schemas"]["ConversationView"];
            /** @description The items touched, in their current state, by seq. */
            items: components["schemas"]["ItemView"][];
        };
        /**
         * Format: uuid
         * @description One WhatsApp number of the company.
         */
        ChannelId: string;
        /** @description A frame from a client. */
        ClientFrame: {
            /** @description Client's name for this subscription. */
            list: string;
            /** @description Which conversations. */
            scope: components["schemas"]["ListScope"];
            team_id?: components["schemas"]["TeamId"] | null;
            /** @description Rows wanted, 1 to 200. */
            limit: number;
            /** @enum {string} */
            type: "subscribe_list";
        } | {
            /** @description Its name. */
            list: string;
            /** @enum {string} */
            type: "unsubscribe_list";
        } | {
            /** @description Which. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description Work or listen. */
            mode: components["schemas"]["WatchMode"];
            /**
             * Format: int64
             * @description The rev the client already has.
             */
            after_rev?: number | null;
            /** @enum {string} */
            type: "subscribe";
        } | {
            /** @description Which. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @enum {string} */
            type: "unsubscribe";
        } | {
            /** @description Which. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description The rev the client has.
             */
            after_rev: number;
            /** @enum {string} */
            type: "changes";
        } | {
            /** @description Client's own reference, unique per author and conversation; a repeat answers the first `accepted`. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @description The words, 1 to 4,096 characters. */
            text: string;
            /**
             * Format: int64
             * @description The item that this one quotes.
             */
            reply_to_seq?: number | null;
            /** @enum {string} */
            type: "send";
        } | {
            /** @description See `send`. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The words, 1 to 4,096 characters. */
            text: string;
            /** @enum {string} */
            type: "note";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @enum {string} */
            type: "claim";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            team_id?: components["schemas"]["TeamId"] | null;
            agent_id?: components["schemas"]["AgentId"] | null;
            /** @description Words for the next one. */
            note?: string | null;
            /** @enum {string} */
            type: "transfer";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @enum {string} */
            type: "release";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @description The closing reason. */
            reason?: string | null;
            /** @enum {string} */
            type: "resolve";
        } | {
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Read up to this item.
             */
            seq: number;
            /** @enum {string} */
            type: "read";
        } | {
            /** @description Online or away. */
            presence: components["schemas"]["Presence"];
            /** @enum {string} */
            type: "set_presence";
        };
        /**
         * @description How a client keeps its refresh token.
         * @enum {string}
         */
        ClientKind: "browser" | "api";
        /**
         * Format: uuid
         * @description A customer: a person or a group.
         */
        ContactId: string;
        /** @description A customer and their newest cases. */
        ContactPage: {
            /** @description The customer. */
            contact: components["schemas"]["ContactView"];
            /** @description How WhatsApp knows them. */
            identities: components["schemas"]["IdentityView"][];
            /** @description The newest 20 cases. */
            conversations: components["schemas"]["ConversationView"][];
        };
        /** @description A customer as an agent sees them. */
        ContactView: {
            /** @description Which contact. */
            id: components["schemas"]["ContactId"];
            /** @description Profile name; absent when unknown or erased. */
            name?: string | null;
            /** @description Phone, masked like `+55 •• •••••-1234`; revealing it is a request of its own and is audited. */
            phone_masked?: string | null;
            /** @description The customer's data was erased. */
            erased: boolean;
        };
        /** @description What an item says, whatever channel it came through. */
        Content: {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            kind: "text";
        } | {
            /** @description Image, video, audio, document or sticker. */
            media: components["schemas"]["MediaRef"];
            /** @enum {string} */
            kind: "media";
        } | {
            /**
             * Format: double
             * @description Degrees north.
             */
            latitude: number;
            /**
             * Format: double
             * @description Degrees east.
             */
            longitude: number;
            /** @description Name of the place. */
            name?: string | null;
            /** @description Street address. */
            address?: string | null;
            /** @enum {string} */
            kind: "location";
        } | {
            /** @description One object a card. */
            cards: unknown[];
            /** @enum {string} */
            kind: "contacts";
        } | {
            /** @description The question; at most 1,024 characters. */
            text: string;
            /** @description One to three answers. */
            buttons: components["schemas"]["Button"][];
            /** @enum {string} */
            kind: "buttons";
        } | {
            /** @description The question; at most 4,096 characters. */
            text: string;
            /** @description The label that opens the list; at most 20 characters. */
            open_label: string;
            /** @description The rows by section. */
            sections: components["schemas"]["ListSection"][];
            /** @enum {string} */
            kind: "list";
        } | {
            /** @description The id that we gave it. */
            id: string;
            /** @description Its label. */
            title: string;
            /** @enum {string} */
            kind: "choice";
        } | {
            /** @description The order. */
            order: unknown;
            /** @enum {string} */
            kind: "order";
        } | {
            /** @description Its name. */
            name: string;
            /** @description Its language tag. */
            language: string;
            /** @description What the customer reads, filled in. */
            preview: string;
            /** @description Parameters by position. */
            parameters?: string[];
            /** @enum {string} */
            kind: "template";
        } | {
            /** @description The channel's name of the type. */
            type_name: string;
            /** @description The item as it came. */
            raw: unknown;
            /** @enum {string} */
            kind: "unsupported";
        } | {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            kind: "note";
        } | {
            /** @description What happened. */
            line: components["schemas"]["SystemLine"];
            /** @enum {string} */
            kind: "system";
        };
        /**
         * Format: uuid
         * @description One case between a contact and a channel.
         */
        ConversationId: string;
        /** @description A page of a list. */
        ConversationPage: {
            /** @description The rows, in order. */
            rows: components["schemas"]["ConversationView"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
            /** @description For the next page. */
            next_cursor?: string | null;
        };
        /**
         * @description Whether a case is being worked on.
         * @enum {string}
         */
        ConversationStatus: "open" | "snoozed" | "resolved";
        /** @description A conversation as a row of a list and as the head of a thread. */
        ConversationView: {
            /** @description Which conversation. */
            id: components["schemas"]["ConversationId"];
            /** @description The customer. */
            contact: components["schemas"]["ContactView"];
            /** @description The number the customer wrote to. */
            channel_id: components["schemas"]["ChannelId"];
            /** @description That number's name. */
            channel_name: string;
            /** @description Whether it is being worked on. */
            status: components["schemas"]["ConversationStatus"];
            /** @description Who acts next. */
            handler: components["schemas"]["Handler"];
            /** @description Status and handler as people say it. */
            state: components["schemas"]["CaseState"];
            /**
             * Format: int32
             * @description 0 (normal) to 3 (urgent).
             */
            priority: number;
            team_id?: components["schemas"]["TeamId"] | null;
            agent_id?: components["schemas"]["AgentId"] | null;
            /**
             * Format: int32
             * @description Rises with each change of ownership; commands carry it.
             */
            epoch: number;
            /**
             * Format: int64
             * @description Newest item.
             */
            last_seq: number;
            /**
             * Format: int64
             * @description Newest change.
             */
            last_rev: number;
            /**
             * Format: int32
             * @description Customer messages that nobody has read.
             */
            unread: number;
            /**
             * Format: date-time
             * @description Since when the customer waits for an answer.
             */
            waiting_since?: string | null;
            /**
             * Format: date-time
             * @description When the customer last wrote.
             */
            last_inbound_at?: string | null;
            /**
             * Format: date-time
             * @description Free text may be sent until then (Meta's 24-hour window).
             */
            window_until?: string | null;
            /** @description Why the bot handed it over. */
            handoff_reason?: string | null;
            /** @description Protocol number, known to the customer too. */
            protocol?: string | null;
            /**
             * Format: date-time
             * @description When the case began.
             */
            opened_at: string;
            /** @description Why it was closed. */
            closed_reason?: string | null;
            /** @description The newest words, shortened; empty when they have none. */
            preview: string;
            preview_direction?: components["schemas"]["Direction"] | null;
        };
        /**
         * @description Which way an item went.
         * @enum {string}
         */
        Direction: "in" | "out" | "internal";
        /** @description What the client knows of the ownership. */
        EpochBody: {
            /**
             * Format: int32
             * @description The ownership epoch.
             */
            epoch: number;
        };
        /** @description Queues and colleagues. */
        Floor: {
            /** @description Teams with their queues. */
            teams: components["schemas"]["TeamView"][];
            /** @description Colleagues. */
            agents: components["schemas"]["AgentView"][];
        };
        /**
         * @description Who acts next.
         * @enum {string}
         */
        Handler: "bot" | "queue" | "agent";
        /**
         * @description Why the bot gave a conversation to people.
         * @enum {string}
         */
        HandoffReason: "requested" | "no_progress" | "flow" | "bot_unavailable" | "manual";
        /**
         * @description What kind of identity, strongest first.
         * @enum {string}
         */
        IdentityKind: "bsuid" | "parent_bsuid" | "phone" | "username";
        /** @description An identity of a customer, masked. */
        IdentityView: {
            /** @description What kind. */
            kind: components["schemas"]["IdentityKind"];
            /** @description Enough of it to recognise. */
            value_masked: string;
        };
        /** @description A page of a conversation. */
        ItemPage: {
            /** @description The head now. */
            conversation: components["schemas"]["ConversationView"];
            /** @description The items, by seq ascending. */
            items: components["schemas"]["ItemView"][];
            /**
             * Format: int64
             * @description The rev that this shows.
             */
            rev: number;
        };
        /** @description A timeline item in its current state. */
        ItemView: {
            /**
             * Format: int64
             * @description Place in the conversation, from 1 without gaps.
             */
            seq: number;
            /** @description Id of the item. */
            id: components["schemas"]["MessageId"];
            /** @description Which way it went. */
            direction: components["schemas"]["Direction"];
            /** @description Who wrote it. */
            author: components["schemas"]["Author"];
            /**
             * Format: date-time
             * @description When: Meta's time for what came from Meta, ours otherwise.
             */
            at: string;
            /**
             * Format: date-time
             * @description When we stored it.
             */
            received_at: string;
            content?: components["schemas"]["Content"] | null;
            /** @description The client's own reference, so that it recognises its optimistic copy. */
            client_ref?: string | null;
            ticks?: components["schemas"]["Ticks"] | null;
            /**
             * Format: int32
             * @description Meta's error code when `ticks` is `failed`.
             */
            error_code?: number | null;
            /**
             * Format: int64
             * @description The item that this one quotes.
             */
            reply_to_seq?: number | null;
            /** @description The customer changed it. */
            edited: boolean;
            /** @description The customer took it back. */
            revoked: boolean;
            /** @description Emoji reactions with who reacted. */
            reactions: components["schemas"]["ReactionView"][];
        };
        /** @description A row of a list. */
        ListRow: {
            /** @description Comes back with the tap; at most 200 characters. */
            id: string;
            /** @description The label; at most 24 characters. */
            title: string;
            /** @description A second line; at most 72 characters. */
            description?: string | null;
        };
        /**
         * @description Which conversations a list shows.
         * @enum {string}
         */
        ListScope: "mine" | "queue" | "attending" | "automation" | "all" | "closed";
        /** @description A part of a list. */
        ListSection: {
            /** @description Heading; at most 24 characters. */
            title: string;
            /** @description The rows. */
            rows: components["schemas"]["ListRow"][];
        };
        /**
         * @description A language of the product.
         * @enum {string}
         */
        Locale: "pt-BR" | "en" | "es";
        /** @description One's language. */
        LocaleBody: {
            /** @description BCP 47 tag. */
            locale: components["schemas"]["Locale"];
        };
        /** @description A log-in. */
        LogIn: {
            /** @description E-mail of the account. */
            email: string;
            /** @description Password, 1 to 128 characters, compared byte for byte. */
            password: string;
            /** @description Six digits of a second factor. Accepted and not looked at yet: no account can enrol one. */
            totp?: string | null;
            /** @description How the refresh token is kept. */
            client?: components["schemas"]["ClientKind"];
        };
        /** @description Somebody is logged in. */
        LoggedIn: {
            /** @description Goes into `Authorization: Bearer`. */
            access_token: string;
            /**
             * Format: int64
             * @description Its life, in seconds.
             */
            expires_in: number;
            /** @description For client `api` only; browsers have it in a cookie. */
            refresh_token?: string | null;
            /** @description Who. */
            agent: components["schemas"]["AgentView"];
            /** @description Their language. */
            locale: components["schemas"]["Locale"];
        };
        /**
         * @description What sort of file.
         * @enum {string}
         */
        MediaKind: "image" | "video" | "audio" | "document" | "sticker";
        /** @description A file that the channel holds for us. */
        MediaRef: {
            /** @description What sort of file. */
            kind: components["schemas"]["MediaKind"];
            /** @description The channel's id of the file. */
            id?: string | null;
            /** @description MIME type as the channel says. */
            mime_type?: string | null;
            /** @description SHA-256 as the channel says, base64. */
            sha256?: string | null;
            /** @description Words below the file. */
            caption?: string | null;
            /** @description Name of a document. */
            file_name?: string | null;
            /** @description Recorded with the microphone. */
            voice?: boolean;
        };
        /**
         * Format: uuid
         * @description A timeline item; made before the insert, because it is sealed into the ciphertext.
         */
        MessageId: string;
        /** @description Words for colleagues. */
        NoteBody: {
            /** @description Client's own reference, unique per author and conversation; a repeat gets the first answer. */
            client_ref: string;
            /** @description The words, 1 to 4,096 characters. */
            text: string;
        };
        /**
         * @description Whether a member of staff takes conversations.
         * @enum {string}
         */
        Presence: "online" | "away" | "offline";
        /** @description Whether one takes conversations. */
        PresenceBody: {
            /** @description Online or away; offline counts as away while a socket is open. */
            presence: components["schemas"]["Presence"];
        };
        /** @description A refusal that says what to do next. */
        Problem: {
            /**
             * Format: int32
             * @description HTTP status (also in frames, where there is no HTTP).
             */
            status: number;
            /** @description Stable word for programs, e.g. `already_claimed`. */
            code: string;
            /** @description One English sentence: what is wrong. */
            title: string;
            /** @description What to do next. */
            detail?: string | null;
        };
        /** @description A reaction to an item. */
        ReactionView: {
            /** @description Who reacted. */
            author: components["schemas"]["Author"];
            /** @description The emoji. */
            emoji: string;
        };
        /** @description How far it was read. */
        ReadBody: {
            /**
             * Format: int64
             * @description Up to this item.
             */
            seq: number;
        };
        /** @description The refresh token of an API client. */
        Renewal: {
            /** @description The token. */
            refresh_token: string;
        };
        /** @description Words to the customer. */
        ReplyBody: {
            /** @description Client's own reference, unique per author and conversation; a repeat gets the first answer. */
            client_ref: string;
            /**
             * Format: int32
             * @description The ownership epoch the client knows; absent: whatever it is.
             */
            epoch?: number | null;
            /** @description The words, 1 to 4,096 characters. */
            text: string;
            /**
             * Format: int64
             * @description The item that this one quotes.
             */
            reply_to_seq?: number | null;
        };
        /** @description Why it is closed. */
        ResolveBody: {
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @description The closing reason, at most 64 characters. */
            reason?: string | null;
        };
        /** @description A customer's identities in clear. */
        Revealed: {
            /** @description Digits, with the country's code. */
            phone?: string | null;
            /** @description Business-scoped user id. */
            bsuid?: string | null;
            /** @description Username. */
            username?: string | null;
        };
        /**
         * @description What a member of staff may do; each role's rights are listed in docs/architecture.md.
         * @enum {string}
         */
        Role: "agent" | "supervisor" | "admin" | "dpo" | "auditor";
        /** @description A frame from the server. */
        ServerFrame: {
            /**
             * Format: uuid
             * @description Identity of the store; when it differs from the one a client knew, the client starts over.
             */
            store_epoch: string;
            /** @description Who is logged in. */
            agent: components["schemas"]["AgentView"];
            /** @description Language of the account. */
            locale: components["schemas"]["Locale"];
            /** @description Largest frame the server takes, in bytes. */
            max_frame_bytes: number;
            /** @enum {string} */
            type: "welcome";
        } | {
            /** @description The subscription. */
            list: string;
            /** @description The rows. */
            rows: components["schemas"]["ConversationView"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
            /** @enum {string} */
            type: "list";
        } | {
            /** @description Which. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description The rev that this builds on.
             */
            rev_from: number;
            /**
             * Format: int64
             * @description The rev reached by applying it.
             */
            rev_to: number;
            /** @description The conversation's head now. */
            conversation: components["schemas"]["ConversationView"];
            /** @description The items touched, in their current state, by seq. */
            items: components["schemas"]["ItemView"][];
            /** @enum {string} */
            type: "conversation";
        } | {
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @enum {string} */
            type: "resync";
        } | {
            /** @description The client's reference. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Its place.
             */
            seq: number;
            /** @enum {string} */
            type: "accepted";
        } | {
            /** @description The client's reference. */
            client_ref: string;
            /** @description The conversation afterwards. */
            conversation: components["schemas"]["ConversationView"];
            /** @enum {string} */
            type: "done";
        } | {
            /** @description The client's reference; absent when the frame had none or could not be read. */
            client_ref?: string | null;
            conversation_id?: components["schemas"]["ConversationId"] | null;
            /** @description Why, and what to do. */
            problem: components["schemas"]["Problem"];
            /** @enum {string} */
            type: "refused";
        } | {
            /** @description My teams' queues. */
            teams: components["schemas"]["TeamView"][];
            /** @description Colleagues. */
            agents: components["schemas"]["AgentView"][];
            /** @enum {string} */
            type: "floor";
        } | {
            /**
             * Format: int64
             * @description Milliseconds to wait, already spread over clients.
             */
            after_ms: number;
            /** @enum {string} */
            type: "reconnect";
        };
        /**
         * Format: uuid
         * @description One log-in of one member of staff.
         */
        SessionId: string;
        /** @description The session of the access token. */
        SessionView: {
            /** @description Who. */
            agent: components["schemas"]["AgentView"];
            /** @description Their language. */
            locale: components["schemas"]["Locale"];
            /** @description Which session. */
            session_id: components["schemas"]["SessionId"];
            /**
             * Format: date-time
             * @description When it ends whatever happens.
             */
            expires_at: string;
        };
        /** @description What a system line tells. Ids only; names are looked up when it is shown. */
        SystemLine: {
            /** @description Why. */
            reason: components["schemas"]["HandoffReason"];
            /** @description What was said and tried, for whoever takes it. */
            summary: string;
            /**
             * Format: int64
             * @description Place in the queue at that moment, from 1.
             */
            position: number;
            /** @enum {string} */
            event: "handed_off";
        } | {
            /** @description Who. */
            agent_id: components["schemas"]["AgentId"];
            /** @enum {string} */
            event: "claimed";
        } | {
            /** @description By whom. */
            by: components["schemas"]["AgentId"];
            team_id?: components["schemas"]["TeamId"] | null;
            agent_id?: components["schemas"]["AgentId"] | null;
            /** @description Words for the next one. */
            note?: string | null;
            /** @enum {string} */
            event: "transferred";
        } | {
            /** @description Who gave it back. */
            by: components["schemas"]["AgentId"];
            /** @enum {string} */
            event: "released";
        } | {
            by?: components["schemas"]["AgentId"] | null;
            /** @description The closing reason. */
            reason?: string | null;
            /** @enum {string} */
            event: "resolved";
        } | {
            /** @enum {string} */
            event: "reopened";
        };
        /**
         * Format: uuid
         * @description A group of agents with a queue.
         */
        TeamId: string;
        /** @description A team and its queue at this moment. */
        TeamView: {
            /** @description Which team. */
            id: components["schemas"]["TeamId"];
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description Conversations waiting in its queue.
             */
            waiting: number;
            /**
             * Format: date-time
             * @description Since when the longest has waited.
             */
            oldest_waiting_since?: string | null;
        };
        /** @description A ticket that opens one socket. */
        Ticket: {
            /** @description Offered as the subprotocol `ticket.<this>` beside `balcao.v1`. */
            ticket: string;
            /**
             * Format: int64
             * @description Its life, in seconds.
             */
            expires_in: number;
        };
        /**
         * @description What an agent sees beside a message of ours.
         * @enum {string}
         */
        Ticks: "queued" | "sent" | "delivered" | "read" | "failed" | "expired" | "cancelled" | "unknown";
        /** @description To whom: exactly one of team and agent. */
        TransferBody: {
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            team_id?: components["schemas"]["TeamId"] | null;
            agent_id?: components["schemas"]["AgentId"] | null;
            /** @description Words for the next one, at most 4,096 characters. */
            note?: string | null;
        };
        /**
         * @description How a conversation is watched.
         * @enum {string}
         */
        WatchMode: "work" | "listen";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
