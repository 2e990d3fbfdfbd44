// Written by `make schema` from the server's OpenAPI document: do not change it.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Abort
         * @description End within a second what has begun; it is done again when resumed.
         */
        Abort: {
            /** @description Name of the step; the whole session when not given. */
            step: string | null;
            /**
             * @description All that depends on the step, too.
             * @default false
             */
            downstream: boolean;
            /** @description Name of the step's branch; the adopted one when not given. */
            branch: string | null;
            /**
             * @description Kept with the request, and shown where the work is held.
             * @default
             */
            why: string;
            /**
             * @default abort
             * @constant
             */
            verb: "abort";
        };
        /**
         * Accept
         * @description Accept exposures, whatever a selection said.
         */
        Accept: {
            /**
             * @default accept
             * @constant
             */
            verb: "accept";
            /** @description Names of the exposures. */
            exposures: string[];
            /**
             * @description Kept with the decision.
             * @default
             */
            why: string;
            /**
             * @description The selection, sampler, trigger or source; by default every selection, or the sources where
             *     there is none.
             */
            step: string | null;
        };
        /**
         * Account
         * @description Somebody who may come in.
         */
        Account: {
            name: string;
            full_name: string;
            role: components["schemas"]["Role"];
            source: string;
            disabled: boolean;
            created: number;
            seen: number | null;
        };
        /**
         * AccountChange
         * @description What becomes different of an account; what is not given stays.
         */
        AccountChange: {
            role: components["schemas"]["Role"] | null;
            full_name: string | null;
            disabled: boolean | null;
            password: string | null;
        };
        /**
         * Acknowledge
         * @description Take care of an alert: it holds until its cause is gone, and is not sent any more.
         */
        Acknowledge: {
            /**
             * @default acknowledge
             * @constant
             */
            verb: "acknowledge";
            /** @description Number of the alert. */
            alert: number;
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
        };
        /**
         * AcquisitionFact
         * @description Something that the movies say of how they were taken.
         */
        AcquisitionFact: {
            label: string;
            value: string;
            note: string | null;
        };
        /**
         * Adopt
         * @description Do what an alert offers: change the parameters that would fix it.
         */
        Adopt: {
            /**
             * @default adopt
             * @constant
             */
            verb: "adopt";
            /** @description Number of the alert. */
            alert: number;
        };
        /**
         * AdoptBranch
         * @description Make a branch the one that people mean, for all exposures; the one before rests.
         *
         *     Nothing is lost: adopting the other again takes it back.
         */
        AdoptBranch: {
            /**
             * @default adopt-branch
             * @constant
             */
            verb: "adopt-branch";
            /** @description Name of the branch. */
            name: string;
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
        };
        /**
         * Alert
         * @description A condition that holds now; it clears when its monitor no longer reports it.
         *
         *     One whose extent has `ended` is of what was: it is kept with those that have cleared.
         */
        Alert: {
            key: string;
            /** @enum {string} */
            level: "notice" | "warning" | "critical";
            message: string;
            exposure: string | null;
            offer: components["schemas"]["Offer"] | null;
            began: number | null;
            extent: components["schemas"]["Extent"] | null;
            /** @default  */
            cause: string;
        };
        /**
         * AlertCounts
         * @description Alerts that hold, by their level.
         */
        AlertCounts: {
            /** @default 0 */
            critical: number;
            /** @default 0 */
            warning: number;
            /** @default 0 */
            notice: number;
        };
        /**
         * AlertRecord
         * @description Something that a person should know.
         */
        AlertRecord: {
            id: number;
            step: string;
            branch: string;
            key: string;
            level: string;
            message: string;
            exposure: string;
            raised: number;
            cleared: number | null;
            acknowledged: number | null;
            acknowledged_by: string;
            offer: {
                [key: string]: unknown;
            } | null;
            adopted: number | null;
            /** @default  */
            adopted_by: string;
            /** @default  */
            acknowledged_why: string;
            muted: number | null;
            /** @default  */
            muted_by: string;
            /** @default  */
            muted_why: string;
            began: number | null;
            extent: {
                [key: string]: unknown;
            } | null;
            /** @default  */
            cause: string;
        };
        /**
         * AllSettings
         * @description Every setting, and the files that were looked for; the first one wins.
         */
        AllSettings: {
            settings: components["schemas"]["Setting"][];
            files: components["schemas"]["SettingsOrigin"][];
            revision: string;
            problem: string | null;
        };
        /**
         * Ancestor
         * @description A result, and how it was made.
         */
        Ancestor: {
            result: number;
            step: string;
            title: string;
            protocol: string;
            version: number;
            revision: number;
            subject: string;
            exposure: string;
            distance: number;
            parameters: {
                [key: string]: unknown;
            };
            epoch: number;
            host: string;
            seconds: number;
            cpu: number | null;
            memory: number | null;
            finished: number;
            files: components["schemas"]["MadeFile"][];
            /** @default  */
            command: string;
            by_hand: components["schemas"]["CorrectionRecord"] | null;
        };
        /**
         * Ancestry
         * @description A result with what it was made from, the nearest first.
         */
        Ancestry: {
            result: number;
            nodes: components["schemas"]["Ancestor"][];
            edges: components["schemas"]["AncestryEdge"][];
            left_out: components["schemas"]["LeftOutInputs"][];
            software: {
                [key: string]: {
                    [key: string]: string;
                };
            };
        };
        /**
         * AncestryEdge
         * @description A result that came in at a port of another.
         */
        AncestryEdge: {
            source: number;
            target: number;
            port: string;
        };
        /**
         * ApiToken
         * @description What is known of a token; the token itself was shown once.
         */
        ApiToken: {
            number: number;
            account: string;
            title: string;
            scopes: string[];
            created: number;
            expires: number;
            used: number | null;
            revoked: number | null;
        };
        /**
         * AskedChange
         * @description A change of a workflow: new values by step, or another workflow, or both.
         */
        AskedChange: {
            /** @description New values of parameters, by step. */
            changes: {
                [key: string]: {
                    [key: string]: components["schemas"]["JsonValue"];
                };
            };
            /** @description Another workflow; that of the branch when not given. */
            workflow: {
                [key: string]: components["schemas"]["JsonValue"];
            } | null;
        };
        /**
         * AskedEnd
         * @description Why a session is to end.
         */
        AskedEnd: {
            /**
             * @description Kept with who asked and the time.
             * @default
             */
            why: string;
        };
        /**
         * AskedFolder
         * @description A folder of movies, and what is known of them beforehand.
         */
        AskedFolder: {
            /** @description A folder, or a pattern such as /data/session/**\/*_fractions.tiff. */
            pattern: string;
            /** @description Parameters of the import that the person gives; they win. */
            parameters: {
                [key: string]: unknown;
            };
        };
        /**
         * AskedImport
         * @description A file that holds a workflow.
         */
        AskedImport: {
            /** @description What is in the file. */
            text: string;
            /**
             * @description Of Scipion's protocols: whether a plugin that runs the program goes first, or what icestream
             *     has for the purpose.
             * @default program
             * @enum {string}
             */
            prefer: "program" | "own";
        };
        /**
         * AskedLimits
         * @description New limits of one selection.
         */
        AskedLimits: {
            /** @description Name of the selection. */
            step: string;
            /** @description New values of its parameters. */
            changes: {
                [key: string]: components["schemas"]["JsonValue"];
            };
        };
        /**
         * AskedPlace
         * @description A session that is to begin for somebody.
         */
        AskedPlace: {
            /** @description Its name in the facility file. */
            microscope: string;
            /**
             * @description Number of the booking that it is for; its project and its owner are taken where none are
             *     given.
             */
            booking: number | null;
            /**
             * @description Code of the project.
             * @default
             */
            project: string;
            /**
             * @description Login of the one whom it is for.
             * @default
             */
            operator: string;
            /**
             * @description What is looked at.
             * @default
             */
            sample: string;
            /**
             * @description Folder of the movies, or a pattern; all that the microscope writes when not given.
             * @default
             */
            movies: string;
            /**
             * @description Name of a workflow; that of the microscope when not given.
             * @default
             */
            workflow: string;
            /**
             * @description What the workflow leaves open, by the names of its blanks; what is not here comes from the
             *     movies' metadata, or is the blank's default.
             */
            fill: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /**
             * @description Only the people of its project may know of it.
             * @default false
             */
            confidential: boolean;
            /** @default  */
            note: string;
            /**
             * @description Run it now; otherwise it can be started later.
             * @default true
             */
            start: boolean;
            /**
             * @description Of a folder that all sessions share, take what was written before this one, too.
             * @default false
             */
            all_movies: boolean;
            /**
             * @description Take unusual values as they are, without a question.
             * @default false
             */
            as_given: boolean;
        };
        /**
         * AskedSession
         * @description A session that is to begin.
         */
        AskedSession: {
            /** @description Folder of the movies, or a pattern such as /data/session/**\/*_fractions.tiff. */
            pattern: string;
            /**
             * @description Name of a workflow to begin with.
             * @default default
             */
            workflow: string;
            /** @description Values of parameters that are otherwise than in the workflow, by step. */
            parameters: {
                [key: string]: {
                    [key: string]: components["schemas"]["JsonValue"];
                };
            };
            /**
             * @description What the workflow leaves open, by the names of its blanks; what is not here comes from the
             *     movies' metadata, or is the blank's default.
             */
            fill: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /**
             * @description Leave out the steps that hold the place of another program's protocol, as the workflow says
             *     what that changes.
             * @default false
             */
            without_placeholders: boolean;
            /**
             * @description Take unusual values as they are, without a question.
             * @default false
             */
            as_given: boolean;
            /** @description Of the session; made when it is not there. */
            folder: string;
            /**
             * @description Run it now; otherwise it can be started later.
             * @default true
             */
            start: boolean;
        };
        /**
         * AskedTrial
         * @description A change that is to be tried beside what runs.
         */
        AskedTrial: {
            /** @description New values of parameters, by step. */
            changes: {
                [key: string]: {
                    [key: string]: components["schemas"]["JsonValue"];
                };
            };
            /** @description Another workflow; that of the branch when not given. */
            workflow: {
                [key: string]: components["schemas"]["JsonValue"];
            } | null;
            /** @description The branch to begin from; the adopted one when not given. */
            base: string | null;
            /**
             * @description On how many; null: on all, also those to come.
             * @default 20
             */
            exposures: number | null;
        };
        /**
         * AskedTrialExposure
         * @description One exposure that is to be processed to see whether the parameters are right.
         */
        AskedTrialExposure: {
            /** @description Folder of the movies, or a pattern such as /data/session/**\/*_fractions.tiff. */
            pattern: string;
            /**
             * @description Name of a workflow to begin with.
             * @default default
             */
            workflow: string;
            /** @description Values of parameters that are otherwise than in the workflow, by step. */
            parameters: {
                [key: string]: {
                    [key: string]: components["schemas"]["JsonValue"];
                };
            };
            /**
             * @description What the workflow leaves open, by the names of its blanks; what is not here comes from the
             *     movies' metadata, or is the blank's default.
             */
            fill: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /**
             * @description Leave out the steps that hold the place of another program's protocol, as the workflow says
             *     what that changes.
             * @default false
             */
            without_placeholders: boolean;
            /**
             * @description Take unusual values as they are, without a question.
             * @default false
             */
            as_given: boolean;
            /** @description Path of the movie; the newest of the folder when not given. */
            movie: string | null;
        };
        /**
         * AskedWorkflow
         * @description A workflow, in the form of a workflow file.
         */
        AskedWorkflow: {
            /** @description ``name``, and ``steps`` with ``name``, ``protocol``, ``parameters`` and ``inputs``. */
            workflow: {
                [key: string]: components["schemas"]["JsonValue"];
            };
        };
        /**
         * AuditEntry
         * @description One thing that somebody did, or was refused.
         */
        AuditEntry: {
            number: number;
            time: number;
            who: string;
            what: string;
            about: string;
            address: string;
            outcome: string;
            details: {
                [key: string]: unknown;
            };
        };
        /**
         * BegunPlace
         * @description A session that was begun.
         */
        BegunPlace: {
            session: components["schemas"]["PlacedSession"];
            running: boolean;
            movies: string;
            said: string[];
            advice: string;
        };
        /**
         * BegunSession
         * @description A session that was begun.
         */
        BegunSession: {
            id: string;
            folder: string;
            running: boolean;
            words: string;
        };
        /**
         * BegunTrial
         * @description A trial that was begun.
         */
        BegunTrial: {
            id: string;
            movie: string;
        };
        /**
         * BranchRecord
         * @description A named set of revisions: a workflow as of some moment, beside others.
         */
        BranchRecord: {
            name: string;
            workflow: string;
            /** @enum {string} */
            state: "active" | "resting" | "dropped";
            adopted: boolean;
            sample: number | null;
            created: number;
            who: string;
            /** @default  */
            base: string;
        };
        /**
         * BrowsedEntry
         * @description Something in a folder.
         */
        BrowsedEntry: {
            name: string;
            path: string;
            /** @enum {string} */
            kind: "folder" | "session" | "file";
            bytes: number | null;
            changed: number | null;
        };
        /**
         * BrowsedFolder
         * @description What is in a folder.
         */
        BrowsedFolder: {
            path: string;
            parent: string | null;
            roots: string[];
            entries: components["schemas"]["BrowsedEntry"][];
            movies: number;
            more: boolean;
        };
        /**
         * ChangeCost
         * @description What a change would make run again.
         */
        ChangeCost: {
            steps: components["schemas"]["PreviewStep"][];
            removed: string[];
            selections: components["schemas"]["GainsAndLosses"][];
            tasks: number;
            exposures: number;
            seconds: number;
            bytes: number;
            unknown: string[];
            changes: string[];
            wait: components["schemas"]["Wait"];
            words: string[];
            doubts: components["schemas"]["Problem"][];
        };
        /**
         * ChangeWorkflow
         * @description Bring a branch to a workflow: steps that are new, other, linked otherwise, or left out.
         */
        ChangeWorkflow: {
            /**
             * @default workflow
             * @constant
             */
            verb: "workflow";
            /** @description The whole workflow, in the form of a workflow file. */
            workflow: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** @description Name of the branch; the adopted one when not given. */
            branch: string | null;
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
        };
        /**
         * ChannelChange
         * @description What a channel shall be.
         */
        ChannelChange: {
            channel: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            revision: string;
        };
        /**
         * ChannelSummary
         * @description A channel, without what is secret of it.
         */
        ChannelSummary: {
            name: string;
            kind: string;
            place: string;
            levels: string[];
            sessions: string[];
            quiet: string | null;
            critical_always: boolean;
            gather: number;
            over: boolean;
            origin: string;
        };
        /**
         * ChannelTrial
         * @description A channel to be tried before it is kept.
         */
        ChannelTrial: {
            channel: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            name: string;
        };
        /**
         * ChannelValues
         * @description A channel as its form has it.
         */
        ChannelValues: {
            name: string;
            values: {
                [key: string]: unknown;
            };
            secrets: {
                [key: string]: "here" | "file" | "environment";
            };
            locked: string | null;
        };
        /**
         * CheckedFacility
         * @description What is wrong with the facility file, and with what it names.
         */
        CheckedFacility: {
            path: string;
            flaws: components["schemas"]["Flaw"][];
        };
        /**
         * CheckedWorkflow
         * @description What is wrong with a workflow, and what is odd.
         */
        CheckedWorkflow: {
            problems: components["schemas"]["Problem"][];
            doubts: components["schemas"]["Problem"][];
        };
        /**
         * ClassUpdate
         * @description One snapshot of a classification.
         */
        ClassUpdate: {
            update: number;
            result: number;
            finished: number;
            particles: number;
            classes: number;
            best: number | null;
        };
        /**
         * CleanPreview
         * @description What each revision holds on disk, and what of it nothing needs.
         */
        CleanPreview: {
            holdings: components["schemas"]["Holding"][];
            results: number;
            bytes: number;
            busy: string;
        };
        /**
         * Cleaned
         * @description What was removed.
         */
        Cleaned: {
            bytes: number;
        };
        /**
         * ColumnsForPlot
         * @description Columns of exposures in order of arrival, thinned out where there are many.
         */
        ColumnsForPlot: {
            number: number[];
            state: string;
            name: string[] | null;
            square: (number | null)[] | null;
            squares: string[] | null;
            columns: {
                [key: string]: (number | null)[];
            };
            total: number;
            shown: number;
        };
        /**
         * ComparedBranches
         * @description What two branches made, with pictures of some exposures.
         */
        ComparedBranches: {
            old: string;
            new: string;
            sample: number | null;
            asked: number;
            changes: string[];
            verdict: string[];
            steps: components["schemas"]["ComparedStepView"][];
            pictures: components["schemas"]["ComparedPicture"][];
        };
        /**
         * ComparedMember
         * @description A step that does the same as others.
         */
        ComparedMember: {
            step: string;
            title: string;
            protocol: string;
            set: string[];
            left: number;
            done: number;
            failed: number;
            skipped: number;
            cpu: number | null;
            seconds: number | null;
            memory: number | null;
            /** @default [] */
            errors: components["schemas"]["ErrorSpread"][];
        };
        /**
         * ComparedMembers
         * @description The members of a consensus, and what it makes of them.
         */
        ComparedMembers: {
            members: components["schemas"]["ComparedMember"][];
            itself: components["schemas"]["ComparedMember"];
            /** @default 0 */
            exposures: number;
            /** @default 0 */
            looked_at: number;
        };
        /**
         * ComparedNewest
         * @description A quality of the newest results of a step on many exposures; as it is stored.
         */
        ComparedNewest: {
            name: string;
            title: string;
            unit: string;
            scale: number;
            old: number | null;
            new: number | null;
        };
        /**
         * ComparedPicture
         * @description One picture as both branches have it.
         */
        ComparedPicture: {
            step: string;
            exposure: string;
            why: string;
            title: string;
            old: string | null;
            new: string | null;
        };
        /**
         * ComparedPoint
         * @description One exposure as both branches have it, with standard errors where they are known.
         */
        ComparedPoint: {
            exposure: string;
            old: number;
            new: number;
            old_error: number | null;
            new_error: number | null;
        };
        /**
         * ComparedQuantity
         * @description A quantity of the exposures that both branches have; values are as they are stored.
         */
        ComparedQuantity: {
            name: string;
            title: string;
            unit: string;
            scale: number;
            old: number | null;
            new: number | null;
            difference: number | null;
            error: number | null;
            words: string;
            chance: number;
            claimed: boolean;
            /** @enum {string} */
            tone: "good" | "bad" | "other" | "";
            higher: number;
            lower: number;
            same: number;
            better: number | null;
            worse: number | null;
            count: number;
            points: components["schemas"]["ComparedPoint"][];
        };
        /**
         * ComparedStepView
         * @description A step that the two branches have differently.
         */
        ComparedStepView: {
            name: string;
            of_batches: boolean;
            old_revision: number | null;
            new_revision: number | null;
            both: number;
            only_old: number;
            only_new: number;
            same: boolean;
            fails: components["schemas"]["Sides"];
            fail_both: number;
            selects: components["schemas"]["Sides"];
            particles: [
                number,
                number
            ] | null;
            seconds: components["schemas"]["ComparedQuantity"] | null;
            qualities: components["schemas"]["ComparedQuantity"][];
            newest: components["schemas"]["ComparedNewest"][];
            boxes: string;
        };
        /**
         * ControlLimits
         * @description The session's own limits of a quality, in the unit of screens.
         */
        ControlLimits: {
            center: number | null;
            low: number | null;
            high: number | null;
            outside: number;
            count: number;
            rule: string;
        };
        /**
         * CorrectPicks
         * @description Add and remove picks of an exposure by hand. What was cut from them is cut again.
         *
         *     It is a decision about the step and the exposure, and added to what was decided before: it holds
         *     in all branches, and when the step is run again with other parameters. Asked with `undo`, the
         *     step's own picks come back.
         */
        CorrectPicks: {
            /**
             * @default picks
             * @constant
             */
            verb: "picks";
            /** @description Name of the exposure. */
            exposure: string;
            /**
             * @description Places at which there is a particle. A pick within a quarter of a diameter gives way.
             * @default []
             */
            add: [
                number,
                number
            ][];
            /**
             * @description Places of picks that are none: of each the nearest goes, within half a diameter.
             * @default []
             */
            remove: [
                number,
                number
            ][];
            /**
             * @description All places at which there is a particle, in the place of `add` and `remove`: what is not
             *     there yet is added, all else is removed.
             */
            only: [
                number,
                number
            ][] | null;
            /**
             * @description Take back all that was changed by hand.
             * @default false
             */
            undo: boolean;
            /** @description The step whose picks they are; the last that gives picks when not given. */
            step: string | null;
            /** @description Name of the branch whose picks are meant; the adopted one when not given. */
            branch: string | null;
            /** @description Å of a pixel that the places count; that of the step's picks when not given. */
            pixel_size: number | null;
            /**
             * @description Kept with the decision.
             * @default
             */
            why: string;
        };
        /**
         * CorrectionRecord
         * @description What a person has changed by hand about what a step found in an exposure.
         */
        CorrectionRecord: {
            id: number;
            step: string;
            exposure: string;
            added: number;
            removed: number;
            who: string;
            why: string;
            time: number;
        };
        /**
         * Correlation
         * @description Fourier shell correlation of the halves of a map.
         */
        Correlation: {
            frequency: number[];
            correlation: number[];
            /**
             * @default [
             *       0.143,
             *       0.5
             *     ]
             */
            thresholds: number[];
            /** @default 25 */
            no_evidence: number;
        };
        /**
         * Counts
         * @description Tasks of a step's current revision, by state.
         */
        Counts: {
            /** @default 0 */
            ready: number;
            /** @default 0 */
            running: number;
            /** @default 0 */
            held: number;
            /** @default 0 */
            done: number;
            /** @default 0 */
            failed: number;
            /** @default 0 */
            skipped: number;
            /** @default 0 */
            rejected: number;
            /** @default 0 */
            reused: number;
            /** @default 0 */
            seconds: number;
            /** @default 0 */
            cpu: number;
            /** @default 0 */
            metered: number;
            /** @default 0 */
            memory: number;
        };
        /**
         * CreateBranch
         * @description Try a change beside what runs, for all exposures or for some.
         */
        CreateBranch: {
            /**
             * @default branch
             * @constant
             */
            verb: "branch";
            /**
             * @description What to call it: small letters, digits, ``-``, ``_`` and ``.``; not a number, as alerts
             *     have.
             */
            name: string;
            /** @description New values of parameters, by step. */
            changes: {
                [key: string]: {
                    [key: string]: components["schemas"]["JsonValue"];
                };
            };
            /** @description Another workflow, in the form of a workflow file; that of `base` when not given. */
            workflow: {
                [key: string]: components["schemas"]["JsonValue"];
            } | null;
            /** @description The branch to begin from; the adopted one when not given. */
            base: string | null;
            /** @description Names of the exposures that it is for; all when not given. */
            exposures: string[] | null;
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
        };
        /**
         * Credentials
         * @description A name and a password.
         */
        Credentials: {
            name: string;
            /** Format: password */
            password: string;
        };
        /**
         * CtfCurve
         * @description The CTF that was fitted to an exposure: its rings, and its numbers in the units of files.
         */
        CtfCurve: {
            step: string;
            frequency: number[];
            power: (number | null)[];
            fit: (number | null)[];
            edge: number;
            defocus_u: number;
            defocus_v: number;
            angle: number;
            angle_known: boolean;
            phase_shift: number;
            resolution: number | null;
            score: number;
            ice_ring: number;
            doubt: string;
            defocus_error: number | null;
            astigmatism_error: number | null;
            angle_error: number | null;
            phase_shift_error: number | null;
            tilt: number | null;
            tilt_axis: number | null;
            thickness: number | null;
            thickness_error: number | null;
            thickness_least: number | null;
            optics: components["schemas"]["CtfOptics"];
        };
        /**
         * CtfOptics
         * @description What the fitted function is of.
         */
        CtfOptics: {
            pixel_size: number;
            voltage: number;
            spherical_aberration: number;
            amplitude_contrast: number;
        };
        /**
         * DecidedRecord
         * @description Something that a person, a program or the session itself decided.
         */
        DecidedRecord: {
            number: number;
            time: number;
            who: string;
            by_session: boolean;
            verb: string;
            document: {
                [key: string]: unknown;
            };
            why: string;
            state: string;
            answer: string;
            words: string;
        };
        /**
         * DecisionRecord
         * @description A person's word on an exposure.
         */
        DecisionRecord: {
            step: string;
            exposure: string;
            accepted: boolean;
            who: string;
            why: string;
            time: number;
        };
        /**
         * DeliveryRecord
         * @description An alert that is or was to be sent over a channel, or that it is over.
         */
        DeliveryRecord: {
            alert: number;
            channel: string;
            over: boolean;
            level: string;
            state: string;
            queued: number;
            due: number;
            tries: number;
            ended: number | null;
            answer: string;
        };
        /**
         * Drawn
         * @description A limit of a step; its numbers are in the unit of the page.
         */
        Drawn: {
            step: string;
            title: string;
            refuses: boolean;
            low: number | null;
            high: number | null;
        };
        /**
         * DropBranch
         * @description Process a branch no more; what it made stays until it is cleaned up.
         */
        DropBranch: {
            /**
             * @default drop-branch
             * @constant
             */
            verb: "drop-branch";
            /** @description Name of the branch. */
            name: string;
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
        };
        /**
         * EpochRecord
         * @description One coordinator that ran the session.
         */
        EpochRecord: {
            number: number;
            started: number;
            holder: string;
            software: {
                [key: string]: string;
            };
            /** @default  */
            host: string;
            /** @default  */
            folder: string;
        };
        /**
         * ErrorAnswer
         * @description What is answered in the place of what was asked for.
         */
        ErrorAnswer: {
            message: string;
            advice: string | null;
            problems: components["schemas"]["Problem"][] | null;
        };
        /**
         * ErrorSpread
         * @description How an error lies over exposures, in the unit of screens.
         */
        ErrorSpread: {
            name: string;
            title: string;
            unit: string;
            better: string;
            count: number;
            low: number | null;
            median: number | null;
            high: number | null;
            worst: number | null;
        };
        /**
         * EventRecord
         * @description Something that happened; `icestream.store.event_reading.read_event` makes a value of it.
         */
        EventRecord: {
            seq: number;
            time: number;
            kind: string;
            step: string;
            exposure: string;
            subject: string;
            document: {
                [key: string]: unknown;
            };
        };
        /**
         * ExportKind
         * @description One way to take a session along.
         */
        ExportKind: {
            /** @enum {string} */
            name: "relion" | "cryosparc" | "pdf" | "report" | "methods" | "table" | "provenance" | "workflow" | "bibtex" | "osc-em" | "mmcif" | "empiar" | "ro-crate";
            title: string;
            summary: string;
            media: string;
            options: string[];
        };
        /**
         * ExposureCounts
         * @description Exposures of a session.
         */
        ExposureCounts: {
            /** @default 0 */
            found: number;
            /** @default 0 */
            accepted: number;
            /** @default 0 */
            rejected: number;
            /** @default 0 */
            failed: number;
            /** @default 0 */
            behind: number;
        };
        /**
         * ExposureInFull
         * @description All that is known of one exposure.
         */
        ExposureInFull: {
            number: number;
            name: string;
            /** @enum {string} */
            state: "pending" | "accepted" | "rejected" | "failed" | "";
            reasons: string[];
            found: number;
            time: number | null;
            details: {
                [key: string]: unknown;
            };
            steps: {
                [key: string]: string;
            };
            facts: [
                string,
                string
            ][];
            qualities: {
                [key: string]: components["schemas"]["ValueOfExposure"];
            };
            results: components["schemas"]["StepOfExposure"][];
            micrograph: components["schemas"]["MicrographPlace"] | null;
            spectrum: components["schemas"]["SpectrumPlace"] | null;
            ctf: components["schemas"]["CtfCurve"] | null;
            decisions: components["schemas"]["DecisionRecord"][];
            corrections: components["schemas"]["CorrectionRecord"][];
            failures: components["schemas"]["FailureRecord"][];
            alerts: components["schemas"]["AlertRecord"][];
            neighbours: components["schemas"]["Neighbours"];
            unread: string[];
        };
        /**
         * ExposureInTable
         * @description One exposure in a table; its values are in the units of files.
         */
        ExposureInTable: {
            number: number;
            name: string;
            /** @enum {string} */
            state: "pending" | "accepted" | "rejected" | "failed" | "";
            reasons: string[];
            found: number;
            time: number | null;
            qualities: {
                [key: string]: number;
            };
            grid_square: string | null;
            foil_hole: string | null;
            group: number | null;
            decision: components["schemas"]["DecisionRecord"] | null;
        };
        /**
         * ExposureLog
         * @description What is logged of an exposure.
         */
        ExposureLog: {
            logs: components["schemas"]["LogOfTask"][];
            failures: components["schemas"]["FailureRecord"][];
        };
        /**
         * ExposureTablePage
         * @description A part of the table of exposures.
         */
        ExposureTablePage: {
            total: number;
            matching: number;
            at: number;
            rows: components["schemas"]["ExposureInTable"][];
            next: number | null;
        };
        /**
         * Extent
         * @description Which exposures an alert is about, where it is about more than one.
         */
        Extent: {
            first: string;
            last: string;
            count: number;
            ended: number | null;
            grid_square: string | null;
            foil_hole: string | null;
            group: number | null;
        };
        /**
         * FacilityMicroscope
         * @description A microscope, and who has it.
         */
        FacilityMicroscope: {
            name: string;
            title: string;
            model: string;
            detector: string;
            movies: string | null;
            workflow: string;
            running: string[];
            offer: components["schemas"]["ShownOffer"];
        };
        /**
         * FailureRecord
         * @description A task that failed or was skipped, and why.
         */
        FailureRecord: {
            serial: number;
            step: string;
            exposure: string;
            subject: string;
            /** @enum {string} */
            state: "ready" | "running" | "held" | "done" | "failed" | "skipped";
            reason: string;
            details: string;
            attempt: number;
        };
        /**
         * FieldPoint
         * @description Where, in pixels of the micrograph, and how far the specimen moved there, Å.
         */
        FieldPoint: {
            x: number;
            y: number;
            dx: number;
            dy: number;
        };
        /**
         * Finding
         * @description One thing that was looked at.
         */
        Finding: {
            /** @enum {string} */
            mark: "ok" | "busy" | "scarce" | "missing" | "wrong";
            what: string;
            found: string;
            /** @default  */
            cost: string;
        };
        /**
         * Flaw
         * @description Something that is wrong with the facility's configuration, or with what it names.
         */
        Flaw: {
            where: string;
            what: string;
            /** @default true */
            stops: boolean;
        };
        /**
         * FolderListing
         * @description What is in a folder of a session, folders first.
         */
        FolderListing: {
            path: string;
            entries: components["schemas"]["SessionFile"][];
            bytes: number;
            files: number;
            more: number;
        };
        /**
         * FoundFolder
         * @description All that was found.
         */
        FoundFolder: {
            pattern: string;
            root: string;
            there: boolean;
            complete: boolean;
            movies: number;
            bytes: number;
            kinds: {
                [key: string]: number;
            };
            newest: components["schemas"]["FoundMovie"][];
            metadata: {
                [key: string]: number;
            };
            gains: string[];
            gain: string | null;
            frames: components["schemas"]["FoundFrames"] | null;
            values: components["schemas"]["SaidValue"][];
            microscope: string;
            alerts: components["schemas"]["Alert"][];
            problems: string[];
            unreadable: {
                [key: string]: string;
            };
            foreign: number;
            outside: number;
            seconds: number;
        };
        /**
         * FoundFrames
         * @description What the header of the newest movie says.
         */
        FoundFrames: {
            movie: string;
            frames: number;
            shape: [
                number,
                number
            ];
            container: string;
            dtype: string;
        };
        /**
         * FoundMovie
         * @description A movie of the folder.
         */
        FoundMovie: {
            path: string;
            name: string;
            bytes: number;
            written: number;
        };
        /**
         * GainsAndLosses
         * @description What a change of one selection would do to the exposures that it has judged.
         */
        GainsAndLosses: {
            step: string;
            judged: number;
            accepted: number;
            accepted_after: number;
            gained: number;
            lost: number;
            gained_names: string[];
            lost_names: string[];
            unknown: number;
            particles: number;
            particles_lost: number;
            particles_gained: number;
            medians: components["schemas"]["Medians"][];
            words: string[];
        };
        /**
         * GiveUp
         * @description Wait no more for a source that is gone for good.
         *
         *     It brings nothing more, and what it brought and cannot be read any more fails with that reason.
         *     Running the session again tries it all again.
         */
        GiveUp: {
            /**
             * @default give-up
             * @constant
             */
            verb: "give-up";
            /** @description Name of the source; every source when not given. */
            step: string | null;
            /**
             * @description Kept with the request, and shown as the reason.
             * @default
             */
            why: string;
        };
        /**
         * GridMap
         * @description All squares, and the exposures of one or of all.
         */
        GridMap: {
            qualities: string[];
            quality: string;
            range: [
                number,
                number
            ] | null;
            positions: boolean;
            squares: components["schemas"]["GridSquare"][];
            places: components["schemas"]["MapPlaces"] | null;
            shown: number;
            total: number;
        };
        /**
         * GridSquare
         * @description A grid square; lengths are µm of the stage, None without positions.
         */
        GridSquare: {
            name: string;
            count: number;
            accepted: number;
            rejected: number;
            failed: number;
            median: number | null;
            left: number | null;
            right: number | null;
            bottom: number | null;
            top: number | null;
        };
        /**
         * HeldPlace
         * @description A step that holds the place of another program's protocol, which no session runs.
         */
        HeldPlace: {
            step: string;
            program: string;
            kind: string;
        };
        /**
         * Holding
         * @description What one revision of a step holds on disk.
         */
        Holding: {
            step: string;
            revision: number;
            branches: string[];
            stands: boolean;
            results: number;
            bytes: number;
            /** @default 0 */
            removable_results: number;
            /** @default 0 */
            removable: number;
        };
        /**
         * ImportedWorkflow
         * @description A workflow that was read from a file, and what is wrong with it here.
         */
        ImportedWorkflow: {
            workflow: {
                [key: string]: unknown;
            };
            checked: components["schemas"]["CheckedWorkflow"];
            /** @default [] */
            report: string[];
        };
        JsonValue: unknown;
        /**
         * LeftOutInputs
         * @description Results that came in and are not in the graph.
         */
        LeftOutInputs: {
            target: number;
            port: string;
            count: number;
            words: string;
        };
        /**
         * LinkRecord
         * @description An output of one step that feeds an input of another.
         */
        LinkRecord: {
            step: string;
            port: string;
            source: string;
            source_port: string;
        };
        /**
         * LiveAgain
         * @description What waits to be run again.
         */
        LiveAgain: {
            text: string;
            until: number | null;
            who: string;
            command: string;
        };
        /**
         * LiveAlert
         * @description An alert that holds, or one of the last that have passed.
         */
        LiveAlert: {
            number: number;
            level: string;
            message: string;
            step: string;
            exposure: string;
            order: number | null;
            since: number;
            until: number | null;
            told: number;
            extent: string;
            cause: string;
            note: string;
            cleared: number | null;
            acknowledged: number | null;
            acknowledged_by: string;
            acknowledged_why: string;
            muted: number | null;
            muted_by: string;
            offer: {
                [key: string]: unknown;
            } | null;
            command: string;
            adopted: number | null;
            adopted_by: string;
        };
        /**
         * LiveCalled
         * @description What comes in, in words.
         */
        LiveCalled: {
            one: string;
            many: string;
        };
        /**
         * LiveCounts
         * @description Exposures of the branch by what has become of them.
         */
        LiveCounts: {
            found: number;
            settled: number;
            behind: number;
            pending: number;
            accepted: number;
            rejected: number;
            failed: number;
            of_session: number;
        };
        /**
         * LiveDecision
         * @description Something that was decided.
         */
        LiveDecision: {
            time: number;
            who: string;
            by_session: boolean;
            what: string;
            why: string;
        };
        /**
         * LiveLoad
         * @description A measured value of the machine over the last hour.
         */
        LiveLoad: {
            name: string;
            title: string;
            unit: string;
            now: number | null;
            text: string;
            note: string;
            points: [
                number,
                number | null
            ][];
        };
        /**
         * LiveQuality
         * @description What is said of a quality wherever a value of it is shown.
         */
        LiveQuality: {
            title: string;
            short: string;
            unit: string;
            whole: boolean;
            digits: number;
            meaning: string;
            limits: {
                [key: string]: unknown;
            };
        };
        /**
         * LiveRates
         * @description How fast movies come and are processed; null without evidence.
         */
        LiveRates: {
            found: number | null;
            settled: number | null;
            latency: number | null;
            last: number | null;
            awaited: number | null;
            now: number;
            usual: number | null;
            spark: components["schemas"]["LiveSpark"];
            forecast: {
                [key: string]: unknown;
            } | null;
            disk: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * LiveSession
         * @description The session.
         */
        LiveSession: {
            name: string;
            workflow: string;
            state: string;
            reason: string;
            finished: boolean;
            started: number;
            ended: number | null;
            beside: string;
        };
        /**
         * LiveSpark
         * @description Counts by minute of the last hour.
         */
        LiveSpark: {
            found: number[];
            settled: number[];
        };
        /**
         * LiveStep
         * @description One step and how far it is.
         */
        LiveStep: {
            name: string;
            title: string;
            kind: string;
            state: string;
            reason: string;
            again: number;
            set: components["schemas"]["LiveDecision"] | null;
            ready: number;
            running: number;
            held: number;
            done: number;
            rejected: number;
            failed: number;
            skipped: number;
            seconds: number | null;
            limits: string[];
        };
        /**
         * LiveTile
         * @description A number at the head of the page.
         */
        LiveTile: {
            title: string;
            value: number;
            text: string;
            unit: string;
            below: string[];
        };
        /**
         * LiveVerdict
         * @description One of three answers: does the microscope deliver, are the data good, is it kept up with.
         */
        LiveVerdict: {
            about: string;
            state: string;
            word: string;
            why: string;
        };
        /**
         * LiveView
         * @description Where a session stands; its size does not grow with the session.
         */
        LiveView: {
            written: number;
            last_event: number;
            session: components["schemas"]["LiveSession"];
            counts: components["schemas"]["LiveCounts"];
            called: components["schemas"]["LiveCalled"];
            verdicts: components["schemas"]["LiveVerdict"][];
            rates: components["schemas"]["LiveRates"];
            headline: components["schemas"]["LiveTile"][];
            steps: components["schemas"]["LiveStep"][];
            again: components["schemas"]["LiveAgain"] | null;
            decisions: components["schemas"]["LiveDecision"][];
            links: [
                string,
                string
            ][];
            alerts: components["schemas"]["LiveAlert"][];
            machine: components["schemas"]["LiveLoad"][];
            chunks: {
                [key: string]: unknown;
            };
            qualities: {
                [key: string]: components["schemas"]["LiveQuality"];
            };
            order: string[];
            columns: string[];
            newest: components["schemas"]["NewestExposure"] | null;
        };
        /**
         * LogLine
         * @description One event of the log.
         */
        LogLine: {
            time: number;
            level: string;
            logger: string;
            text: string;
        };
        /**
         * LogOfTask
         * @description What a program printed while it worked on an exposure.
         */
        LogOfTask: {
            step: string;
            path: string;
            bytes: number;
            cut: boolean;
            lines: string[];
        };
        /**
         * LoginMethod
         * @description A way of logging in.
         */
        LoginMethod: {
            name: string;
            title: string;
            url: string | null;
        };
        /**
         * MadeFile
         * @description A file that a result has made.
         */
        MadeFile: {
            path: string;
            bytes: number;
        };
        /**
         * MadeShare
         * @description A new shared link, this once.
         */
        MadeShare: {
            url: string;
            number: number;
            title: string;
            expires: number;
        };
        /**
         * MadeToken
         * @description A new token, this once.
         */
        MadeToken: {
            token: string;
            number: number;
            title: string;
            scopes: string[];
            expires: number;
        };
        /**
         * MapPlaces
         * @description Exposures in columns, in order of arrival.
         */
        MapPlaces: {
            number: number[];
            name: string[];
            state: string;
            square: number[];
            hole: string[];
            group: number[];
            x: (number | null)[];
            y: (number | null)[];
            value: (number | null)[];
        };
        /**
         * Me
         * @description Whoever asks, as their own page needs it.
         */
        Me: {
            name: string;
            full_name: string;
            role: components["schemas"]["Role"];
            login_required: boolean;
            shared: boolean;
            by_password: boolean;
            csrf: string;
            facility: boolean;
        };
        /**
         * MeasuredQuality
         * @description A quality that was measured on exposures; its values are in the unit of files.
         */
        MeasuredQuality: {
            name: string;
            title: string;
            short: string;
            unit: string;
            scale: number;
            whole: boolean;
            digits: number;
            meaning: string;
            limits: components["schemas"]["Drawn"][];
            count: number;
            low: number;
            high: number;
            median: number;
        };
        /**
         * Medians
         * @description The median of a quality of the exposures that stay accepted, are gained, and are lost.
         *
         *     As it is stored; None where there are none, or it was not measured.
         */
        Medians: {
            quality: string;
            kept: number | null;
            gained: number | null;
            lost: number | null;
        };
        /**
         * Member
         * @description One particle of a class.
         */
        Member: {
            exposure: string;
            index: number;
            likelihood: number;
            angle: number;
            x: number | null;
            y: number | null;
            score: number | null;
            defocus: number | null;
            there: boolean;
        };
        /**
         * MemberVotes
         * @description How often a member of a consensus was outvoted.
         */
        MemberVotes: {
            step: string;
            title: string;
            told: number;
            outvoted: number;
            lately: number;
            of: number;
        };
        /**
         * MicrographPlace
         * @description The image to look at, and what its pixels are.
         */
        MicrographPlace: {
            result: number;
            port: string;
            index: number;
            width: number;
            height: number;
            pixel_size: number;
            tiles: boolean;
        };
        /**
         * Microscope
         * @description What the settings say of a microscope.
         */
        Microscope: {
            name: string;
            preset: {
                [key: string]: unknown;
            };
            units: {
                [key: string]: string;
            };
        };
        /**
         * MicroscopeValues
         * @description What shall be known of a microscope; what is not given is unknown.
         */
        MicroscopeValues: {
            revision: string;
            preset: {
                [key: string]: components["schemas"]["JsonValue"];
            };
        };
        /**
         * MountState
         * @description The disk that a session's folder is on.
         */
        MountState: {
            network: boolean;
            free: number | null;
            total: number | null;
            problem: string | null;
        };
        /**
         * Mute
         * @description Send nothing of a kind of alerts for a time; what holds then is sent at its end.
         */
        Mute: {
            /** @description Number of an alert: its kind, of its step. */
            alert: number | null;
            /** @description Key of alerts: the kind, wherever it comes from. */
            key: string | null;
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
            /**
             * @default mute
             * @constant
             */
            verb: "mute";
            /** @description When the time is over, in seconds since the epoch. */
            until: number;
        };
        /**
         * Neighbours
         * @description Names of the exposures that came before and after; null at the ends.
         */
        Neighbours: {
            previous: string | null;
            next: string | null;
        };
        /**
         * NewAccount
         * @description An account that somebody shall have.
         */
        NewAccount: {
            name: string;
            role: components["schemas"]["Role"];
            /** @default  */
            full_name: string;
            password: string | null;
            /**
             * @default local
             * @enum {string}
             */
            source: "local" | "ldap" | "oidc";
        };
        /**
         * NewChannel
         * @description A channel that the settings do not have yet.
         */
        NewChannel: {
            channel: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            revision: string;
            name: string;
        };
        /**
         * NewMicroscope
         * @description A microscope that the settings do not have yet.
         */
        NewMicroscope: {
            revision: string;
            preset: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            name: string;
        };
        /**
         * NewMovies
         * @description A folder of movies that somebody has made at a microscope.
         */
        NewMovies: {
            path: string;
            changed: number;
        };
        /**
         * NewPassword
         * @description The password of before, and the one from now on.
         */
        NewPassword: {
            /** Format: password */
            old: string;
            /** Format: password */
            new: string;
        };
        /**
         * NewShare
         * @description A shared link that somebody wants.
         */
        NewShare: {
            title: string;
            /** @default 7 */
            days: number;
        };
        /**
         * NewToken
         * @description A token that somebody wants.
         */
        NewToken: {
            title: string;
            scopes: string[];
            days: number;
        };
        /**
         * NewestExposure
         * @description The exposure that was processed last.
         */
        NewestExposure: {
            name: string;
            number: number;
            state: string;
            found: number;
            time: number | null;
            pictures: components["schemas"]["PictureLink"][];
            qualities: {
                [key: string]: number;
            };
        };
        /**
         * Offer
         * @description A change of parameters that would fix what an alert is about.
         *
         *     Adopting it is the same as setting the parameters by hand: a new revision of the step, and
         *     only what depends on it runs again.
         */
        Offer: {
            step: string;
            changes: {
                [key: string]: unknown;
            };
            /** @default false */
            automatic: boolean;
        };
        /**
         * OfferedBooking
         * @description A booking that a session may be for.
         */
        OfferedBooking: {
            booking: components["schemas"]["ShownBooking"];
            when: string;
            project_title: string;
            sessions: string[];
        };
        /**
         * OpenLogin
         * @description One browser in which somebody is logged in.
         */
        OpenLogin: {
            number: number;
            account: string;
            created: number;
            seen: number;
            address: string;
            agent: string;
        };
        /**
         * OtherValue
         * @description What somebody else says.
         */
        OtherValue: {
            value: boolean | number | string;
            source: string;
        };
        /**
         * Outlook
         * @description How fast a session gets on, when it will have caught up, and when its disk is full.
         */
        Outlook: {
            now: number;
            finished: boolean;
            pace: components["schemas"]["Pace"];
            forecast: {
                [key: string]: unknown;
            } | null;
            disk: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * Pace
         * @description How a session gets on; what there is no evidence for is None.
         */
        Pace: {
            found: number | null;
            processed: number | null;
            delay: number | null;
            last: number | null;
            awaited: number | null;
            interval: number | null;
        };
        /**
         * Pause
         * @description Start nothing new, until it is resumed. What has begun is finished.
         */
        Pause: {
            /** @description Name of the step; the whole session when not given. */
            step: string | null;
            /**
             * @description All that depends on the step, too.
             * @default false
             */
            downstream: boolean;
            /** @description Name of the step's branch; the adopted one when not given. */
            branch: string | null;
            /**
             * @description Kept with the request, and shown where the work is held.
             * @default
             */
            why: string;
            /**
             * @default pause
             * @constant
             */
            verb: "pause";
        };
        /**
         * PictureLink
         * @description A picture of a result, and where it is.
         */
        PictureLink: {
            port: string;
            index: number;
            title: string;
            description: string;
            role: string;
            width: number;
            shape: [
                number,
                number
            ] | null;
            url: string;
            tiles: string | null;
        };
        /**
         * PlacedSession
         * @description A session that was begun for somebody.
         */
        PlacedSession: {
            key: string;
            name: string;
            id: string | null;
            microscope: string;
            project: string;
            operator: string;
            workflow: string;
            sample: string;
            began: number;
            ended: number | null;
            /** @enum {string} */
            state: "new" | "running" | "stopped" | "done" | "failed" | "archived" | "gone";
            reason: string;
            confidential: boolean;
            exposures: number | null;
            place: string;
        };
        /**
         * PlacedSessionPage
         * @description Some of the sessions that were asked for, the newest first.
         */
        PlacedSessionPage: {
            matching: number;
            offset: number;
            rows: components["schemas"]["PlacedSession"][];
        };
        /**
         * PlannedTrial
         * @description A change that would be tried.
         */
        PlannedTrial: {
            base: string;
            sample: string[] | null;
            of: number | null;
            words: string;
            cost: components["schemas"]["ChangeCost"];
        };
        /**
         * Plugin
         * @description A protocol that is declared, and why it cannot be used where it cannot.
         */
        Plugin: {
            name: string;
            title: string;
            kind: string;
            package: string;
            version: number | null;
            reason: string | null;
            traceback: string | null;
        };
        /**
         * Point
         * @description Where the specimen was at one frame, Å from the first.
         */
        Point: {
            x: number;
            y: number;
        };
        /**
         * PreviewStep
         * @description What a change would make of one step.
         */
        PreviewStep: {
            name: string;
            tasks: number;
            kept: number;
            seconds: number;
            /** @default 0 */
            bytes: number;
            /** @default 0 */
            measured: number;
            /** @default false */
            gathers: boolean;
            /** @default 0 */
            each: number;
            /** @default false */
            watches: boolean;
        };
        /**
         * Problem
         * @description One thing that is wrong with what was asked.
         */
        Problem: {
            where: string;
            what: string;
        };
        /**
         * ProtocolDocument
         * @description A protocol that is installed.
         */
        ProtocolDocument: {
            name: string;
            title: string;
            summary: string;
            /** @enum {string} */
            kind: "source" | "item" | "consensus" | "selection" | "group" | "batch" | "trigger" | "monitor";
            version: number;
            package: string;
            inputs: components["schemas"]["ProtocolPort"][];
            outputs: components["schemas"]["ProtocolPort"][];
            agrees: boolean;
            schema: {
                [key: string]: unknown;
            };
            defaults: {
                [key: string]: unknown;
            };
            cite: string[];
            broken: string | null;
        };
        /**
         * ProtocolPort
         * @description A typed input or output.
         */
        ProtocolPort: {
            name: string;
            type: string;
            optional: boolean;
            many: boolean;
            fits: string[];
        };
        /**
         * Provenance
         * @description Who ran a session, when, with which software, and what it runs.
         */
        Provenance: {
            icestream: string;
            session: string;
            uid: string;
            branch: string;
            epochs: components["schemas"]["EpochRecord"][];
            protocols: {
                [key: string]: string;
            };
            workflow: {
                [key: string]: unknown;
            };
            workflow_as_run: {
                [key: string]: unknown;
            };
            results: number;
        };
        /**
         * PublishedReport
         * @description What became of bringing the live report to a web server.
         */
        PublishedReport: {
            words: string;
            failing: boolean;
        };
        /**
         * QualityBins
         * @description How the values of a quality lie, in bins of equal width.
         */
        QualityBins: {
            name: string;
            edges: number[];
            counts: number[];
            accepted: number[];
            rejected: number[];
        };
        /**
         * Rearm
         * @description Take back what was muted or acknowledged of a kind of alerts: what holds is sent again.
         */
        Rearm: {
            /** @description Number of an alert: its kind, of its step. */
            alert: number | null;
            /** @description Key of alerts: the kind, wherever it comes from. */
            key: string | null;
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
            /**
             * @default rearm
             * @constant
             */
            verb: "rearm";
        };
        /**
         * Reject
         * @description Reject exposures, whatever a selection said.
         */
        Reject: {
            /**
             * @default reject
             * @constant
             */
            verb: "reject";
            /** @description Names of the exposures. */
            exposures: string[];
            /**
             * @description Kept with the decision, and shown as the reason.
             * @default
             */
            why: string;
            /**
             * @description The selection, sampler, trigger or source; by default every selection, or the sources where
             *     there is none.
             */
            step: string | null;
        };
        /**
         * RequestRecord
         * @description What a person or a program asked of the session.
         */
        RequestRecord: {
            verb: string;
            document: {
                [key: string]: unknown;
            };
            who: string;
            time: number;
            state: string;
            answer: string;
            /** @default  */
            token: string;
        };
        /**
         * ResultFacts
         * @description What one task made of an exposure.
         */
        ResultFacts: {
            id: number;
            revision: number;
            finished: number;
            seconds: number;
            passed: boolean;
            attempt: number;
            host: string;
            outputs: string[];
        };
        /**
         * Resume
         * @description Go on after a pause or a stop.
         */
        Resume: {
            /** @description Name of the step; the whole session when not given. */
            step: string | null;
            /**
             * @description All that depends on the step, too.
             * @default false
             */
            downstream: boolean;
            /** @description Name of the step's branch; the adopted one when not given. */
            branch: string | null;
            /**
             * @description Kept with the request, and shown where the work is held.
             * @default
             */
            why: string;
            /**
             * @default resume
             * @constant
             */
            verb: "resume";
        };
        /**
         * Retry
         * @description Try again what failed, once its cause is fixed.
         */
        Retry: {
            /**
             * @default retry
             * @constant
             */
            verb: "retry";
            /** @description Name of the step; every step when not given. */
            step: string | null;
        };
        /**
         * Role
         * @description What a person may do, each more than the one before.
         * @enum {string}
         */
        Role: "viewer" | "operator" | "staff" | "admin";
        /**
         * RootFolder
         * @description A folder that is shown: below it sessions are looked for, or movies alone.
         */
        RootFolder: {
            path: string;
            origin: string;
            there: boolean;
            free: number | null;
            total: number | null;
            sessions: number | null;
        };
        /**
         * SaidValue
         * @description One thing that is said of the movies, and by whom.
         */
        SaidValue: {
            name: string;
            unit: string;
            value: boolean | number | string | null;
            source: string;
            /** @default false */
            assumed: boolean;
            /** @default [] */
            others: components["schemas"]["OtherValue"][];
            /** @default  */
            conflict: string;
        };
        /**
         * SampleSeries
         * @description Values that a monitor measured over time.
         */
        SampleSeries: {
            name: string;
            title: string;
            unit: string;
            points: [
                number,
                number
            ][];
        };
        /**
         * SeenResult
         * @description The newest result of a step on many exposures that no other screen shows.
         */
        SeenResult: {
            step: string;
            title: string;
            time: number;
            part: string;
            facts: [
                string,
                string
            ][];
            pictures: components["schemas"]["PictureLink"][];
        };
        /**
         * SessionDetail
         * @description One session: what it is, where it is, and which branches it has.
         */
        SessionDetail: {
            id: string;
            folder: string;
            uid: string;
            name: string;
            workflow: string;
            order: string;
            state: string;
            reason: string;
            branch: string;
            epoch: number;
            holder: string;
            runs: string;
            created: number;
            changed: number;
            last_event: number;
            takes: string;
            counts: components["schemas"]["ExposureCounts"];
            branches: components["schemas"]["BranchRecord"][];
            mount: components["schemas"]["MountState"];
            store: string;
            note: string | null;
        };
        /**
         * SessionFile
         * @description A file or folder of a session.
         */
        SessionFile: {
            name: string;
            path: string;
            /** @enum {string} */
            kind: "file" | "folder" | "link";
            bytes: number;
            files: number;
            changed: number;
        };
        /**
         * SessionRate
         * @description How a session gets on.
         */
        SessionRate: {
            per_hour: number | null;
            processed: number | null;
            last: number | null;
            interval: number | null;
            /** @default  */
            words: string;
        };
        /**
         * SessionSummary
         * @description One session, at a glance.
         */
        SessionSummary: {
            id: string;
            folder: string;
            /** @default  */
            name: string;
            /** @default  */
            workflow: string;
            /** @default  */
            state: string;
            /** @default  */
            reason: string;
            /** @default false */
            running: boolean;
            /** @default  */
            microscope: string;
            /** @default 0 */
            created: number;
            /** @default 0 */
            changed: number;
            counts: components["schemas"]["ExposureCounts"];
            rate: components["schemas"]["SessionRate"];
            alerts: components["schemas"]["AlertCounts"];
            verdict: components["schemas"]["SessionVerdict"] | null;
            /** @default [] */
            trend: number[];
            /** @default [] */
            people: string[];
            problem: string | null;
            /** @default false */
            archived: boolean;
        };
        /**
         * SessionTimeline
         * @description What happened when, in the time of the acquisition.
         */
        SessionTimeline: {
            now: number;
            written: number;
            tempo: {
                [key: string]: unknown;
            } | null;
            alerts: {
                [key: string]: unknown;
            }[];
            marks: {
                [key: string]: unknown;
            }[];
        };
        /**
         * SessionVerdict
         * @description Whether a session is good, in a sentence.
         */
        SessionVerdict: {
            level: string;
            sentence: string;
        };
        /**
         * SessionWorkflow
         * @description The graph that a session runs, with where to draw it.
         */
        SessionWorkflow: {
            record: components["schemas"]["WorkflowRecord"];
            document: {
                [key: string]: unknown;
            };
            titles: {
                [key: string]: string;
            };
            box: [
                number,
                number
            ];
            layout: {
                [key: string]: unknown;
            };
        };
        /**
         * SetParameters
         * @description Change a step's parameters: a new revision of it and of all that depends on it.
         */
        SetParameters: {
            /**
             * @default set
             * @constant
             */
            verb: "set";
            /** @description Name of the step. */
            step: string;
            /** @description New values by parameter; those that are not named stay. */
            changes: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** @description Name of the branch; the adopted one when not given. */
            branch: string | null;
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
        };
        /**
         * Setting
         * @description A value that holds for every session of this machine.
         */
        Setting: {
            name: string;
            value: unknown;
            said: unknown;
            unit: string;
            default: unknown;
            origin: string;
            help: string;
            /** @enum {string} */
            holds: "at once" | "new sessions" | "restart";
            file: string | null;
            locked: string | null;
            waits: boolean;
        };
        /**
         * SettingValue
         * @description What a setting shall be.
         */
        SettingValue: {
            revision: string;
            value: components["schemas"]["JsonValue"];
        };
        /**
         * SettingsAnswer
         * @description What a change has done.
         */
        SettingsAnswer: {
            words: string;
            file: string;
            /** @enum {string} */
            holds: "at once" | "new sessions" | "restart";
            revision: string;
        };
        /**
         * SettingsOrigin
         * @description A file that settings are read from.
         */
        SettingsOrigin: {
            path: string;
            there: boolean;
        };
        /**
         * ShareLink
         * @description What is known of a link; the link itself was shown once.
         */
        ShareLink: {
            number: number;
            session: string;
            title: string;
            who: string;
            created: number;
            expires: number;
            opened: number;
            revoked: number | null;
        };
        /**
         * SharedPicks
         * @description Particles of each picker, and for each two the part that both have found.
         */
        SharedPicks: {
            steps: string[];
            titles: string[];
            found: number[];
            shared: number[][];
            jaccard: (number | null)[][];
        };
        /**
         * ShotCorrection
         * @description What a person changed about the picks of an exposure.
         */
        ShotCorrection: {
            added: number;
            removed: [
                number,
                number
            ][];
            who: string;
            why: string;
            time: number;
        };
        /**
         * ShotPicks
         * @description Particles that a step found in an exposure.
         */
        ShotPicks: {
            step: string;
            title: string;
            result: number;
            port: string;
            diameter: number;
            diameter_px: number;
            pixel_size: number;
            known: boolean;
            shape: [
                number,
                number
            ] | null;
            total: number;
            points: [
                number,
                number,
                number | null
            ][];
            by_hand: components["schemas"]["ShotCorrection"] | null;
        };
        /**
         * ShotTracks
         * @description How the specimen moved during an exposure.
         */
        ShotTracks: {
            step: string;
            known: boolean;
            pixel_size: number;
            shape: [
                number,
                number
            ];
            dose_per_frame: number | null;
            first_frame: number;
            frames: components["schemas"]["Point"][];
            patches: components["schemas"]["FieldPoint"][] | null;
            total: number;
        };
        /**
         * ShownAlert
         * @description An alert as it is recorded, and what to say and do about it.
         */
        ShownAlert: {
            id: number;
            step: string;
            branch: string;
            key: string;
            level: string;
            message: string;
            cause: string;
            exposure: string;
            exposure_number: number | null;
            raised: number;
            cleared: number | null;
            began: number | null;
            since: number;
            until: number | null;
            acknowledged: number | null;
            acknowledged_by: string;
            acknowledged_why: string;
            muted: number | null;
            muted_by: string;
            muted_why: string;
            adopted: number | null;
            adopted_by: string;
            offer: {
                [key: string]: unknown;
            } | null;
            offer_words: string | null;
            extent: {
                [key: string]: unknown;
            } | null;
            extent_words: string;
            note: string;
            command: string;
            deliveries: components["schemas"]["DeliveryRecord"][];
        };
        /**
         * ShownBooking
         * @description Time at a microscope; whose it is is empty where who asks may not know it.
         */
        ShownBooking: {
            id: number;
            microscope: string;
            begins: number;
            ends: number;
            title: string;
            name: string;
            project: string;
            kind: string;
            state: string;
        };
        /**
         * ShownBranch
         * @description A branch, how far it is and what it holds.
         */
        ShownBranch: {
            record: components["schemas"]["BranchRecord"];
            differences: string[];
            tasks: number;
            ended: number;
            failed: number;
            bytes: number | null;
            exposures: number;
        };
        /**
         * ShownClass
         * @description A class, and its picture.
         */
        ShownClass: {
            number: number;
            place: number;
            particles: number;
            share: number;
            resolution: number | null;
            score: number;
            selected: boolean | null;
            junk: boolean;
            why: string;
            parent: number | null;
            url: string;
        };
        /**
         * ShownClasses
         * @description Classes, and their pictures.
         */
        ShownClasses: {
            step: string;
            result: number;
            port: string;
            update: number;
            updates: components["schemas"]["ClassUpdate"][];
            finished: number;
            particles: number;
            box: number;
            pixel_size: number;
            diameter: number | null;
            chooser: string;
            chosen: number;
            chosen_particles: number;
            classes: components["schemas"]["ShownClass"][];
            sprite: components["schemas"]["Sprite"];
        };
        /**
         * ShownDuty
         * @description Something that the facility does over and over, and how it goes.
         */
        ShownDuty: {
            name: string;
            what: string;
            every: number;
            began: number | null;
            ended: number | null;
            said: string;
            failing_since: number | null;
            problem: string;
            /** @enum {string} */
            standing: "well" | "fails" | "late" | "undone";
            trouble: string;
        };
        /**
         * ShownMembers
         * @description Particles of a class, and their pictures.
         */
        ShownMembers: {
            number: number;
            update: number;
            particles: number;
            members: components["schemas"]["Member"][];
            columns: number;
            tile: number;
            sprite: string | null;
        };
        /**
         * ShownOffer
         * @description Who has booked a microscope now, and how sure that is.
         */
        ShownOffer: {
            choices: components["schemas"]["OfferedBooking"][];
            blocked: components["schemas"]["ShownBooking"] | null;
            next: components["schemas"]["ShownBooking"] | null;
            doubts: string[];
            source: string;
            age: number | null;
            problem: string;
            time_zone: string;
        };
        /**
         * ShownProject
         * @description A project that a session may be for.
         */
        ShownProject: {
            code: string;
            title: string;
            state: string;
        };
        /**
         * ShownResult
         * @description One result, and its pictures.
         */
        ShownResult: {
            id: number;
            step: string;
            revision: number;
            subject: string;
            about: string;
            exposure: string;
            batch: number;
            finished: number;
            seconds: number;
            passed: boolean;
            host: string;
            types: {
                [key: string]: string;
            };
            pictures: components["schemas"]["PictureLink"][];
        };
        /**
         * ShownVolume
         * @description A map as of an update, and where its parts are.
         */
        ShownVolume: {
            step: string;
            title: string;
            result: number;
            port: string;
            finished: number;
            updates: components["schemas"]["VolumeUpdate"][];
            volume: components["schemas"]["VolumeView"];
            sections: string | null;
            cube: string | null;
            picture: string | null;
        };
        /**
         * Sides
         * @description Exposures that are on another side than before, by name.
         */
        Sides: {
            /** @default [] */
            gained: string[];
            /** @default [] */
            lost: string[];
        };
        /**
         * SpectrumPlace
         * @description The picture of the power spectrum with the fitted rings.
         */
        SpectrumPlace: {
            url: string;
        };
        /**
         * Sprite
         * @description All averages on one sheet, in the order of the classes, row by row.
         */
        Sprite: {
            url: string;
            columns: number;
            rows: number;
            tile: number;
        };
        /**
         * StepAgreement
         * @description What a consensus step says of those that it compares.
         */
        StepAgreement: {
            step: string;
            title: string;
            quality: string;
            exposures: number;
            members: components["schemas"]["MemberVotes"][];
            pickers: components["schemas"]["SharedPicks"] | null;
            beside: components["schemas"]["ComparedMembers"];
        };
        /**
         * StepOfExposure
         * @description What a step made of an exposure.
         */
        StepOfExposure: {
            step: string;
            title: string;
            result: components["schemas"]["ResultFacts"];
            pictures: components["schemas"]["PictureLink"][];
            lineage_url: string;
        };
        /**
         * StepRecord
         * @description A protocol placed in the session's workflow.
         */
        StepRecord: {
            id: number;
            name: string;
            protocol: string;
            /** @enum {string} */
            kind: "source" | "item" | "consensus" | "selection" | "group" | "batch" | "trigger" | "monitor";
            depth: number;
            /** @enum {string} */
            state: "waiting" | "running" | "paused" | "draining" | "done" | "failed";
            reason: string;
            revision: number;
            parameters: {
                [key: string]: unknown;
            };
            changed: {
                [key: string]: unknown;
            };
            counts: components["schemas"]["Counts"];
            /** @default 0 */
            waiting: number;
            /** @default  */
            closed: string;
            said_by: {
                [key: string]: string;
            };
            within: string[] | null;
        };
        /**
         * Stop
         * @description Take nothing new and finish what has begun; of the whole session: then end.
         */
        Stop: {
            /** @description Name of the step; the whole session when not given. */
            step: string | null;
            /**
             * @description All that depends on the step, too.
             * @default false
             */
            downstream: boolean;
            /** @description Name of the step's branch; the adopted one when not given. */
            branch: string | null;
            /**
             * @description Kept with the request, and shown where the work is held.
             * @default
             */
            why: string;
            /**
             * @default stop
             * @constant
             */
            verb: "stop";
        };
        /**
         * Suggestion
         * @description A protocol that may be next.
         */
        Suggestion: {
            protocol: string;
            title: string;
            summary: string;
            count: number;
            of: number;
            /** @enum {string} */
            source: "workflows" | "collector";
            why: string;
        };
        /**
         * SymmetryTrial
         * @description A point group that was tried.
         */
        SymmetryTrial: {
            group: string;
            likelihood: number;
            correlation: number;
            taken: boolean;
        };
        /**
         * TakeFirst
         * @description Take the newest exposures first, the oldest, or both in turn. Nothing runs again.
         */
        TakeFirst: {
            /**
             * @default order
             * @constant
             */
            verb: "order";
            /**
             * @description Which exposure of a step goes first; both: the newest and the oldest in turn.
             * @enum {string}
             */
            order: "newest" | "oldest" | "both";
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
        };
        /**
         * TrialState
         * @description How far a trial is.
         */
        TrialState: {
            /** @enum {string} */
            state: "running" | "done" | "failed";
            words: string;
            session: string | null;
            exposure: string | null;
            seconds: number;
        };
        /**
         * TriedChannel
         * @description What came of sending a message.
         */
        TriedChannel: {
            delivered: boolean;
            words: string;
        };
        /**
         * Undo
         * @description Take back the last change of what is adopted, whether parameters, workflow or branch.
         *
         *     What was there before comes back, with all results that are still there. Asked again, it takes
         *     back the change before.
         */
        Undo: {
            /**
             * @default undo
             * @constant
             */
            verb: "undo";
            /**
             * @description Kept with the request.
             * @default
             */
            why: string;
        };
        /**
         * UndoPreview
         * @description What comes back when the last change is taken back.
         */
        UndoPreview: {
            branch: string;
            until: number;
            who: string;
            back: {
                [key: string]: number;
            };
            cost: components["schemas"]["ChangeCost"];
        };
        /**
         * ValueOfExposure
         * @description A quality of one exposure, in the unit of files.
         */
        ValueOfExposure: {
            value: number;
            error: number | null;
            step: string;
        };
        /**
         * View
         * @description A direction from which particles are seen; a unit vector.
         */
        View: {
            x: number;
            y: number;
            z: number;
            particles: number;
        };
        /**
         * VolumeUpdate
         * @description One snapshot of a map.
         */
        VolumeUpdate: {
            update: number;
            result: number;
            finished: number;
            particles: number;
            resolution: number | null;
        };
        /**
         * VolumeView
         * @description What is known of a map, without its voxels.
         */
        VolumeView: {
            particles: number;
            wanted: number;
            update: number;
            note: string;
            alike: number;
            there: boolean;
            preliminary: boolean;
            box: number;
            pixel_size: number;
            diameter: number;
            symmetry: string;
            resolution: number;
            reached: string;
            resolution_half: number;
            even: boolean;
            efficiency: number;
            hand: string;
            parts: ("map" | "mirrored" | "half1" | "half2")[];
            fsc: components["schemas"]["Correlation"] | null;
            views: components["schemas"]["View"][];
            trials: components["schemas"]["SymmetryTrial"][];
            starts: [
                number,
                number
            ][];
        };
        /**
         * Wait
         * @description When a change would be done, if it were made now.
         */
        Wait: {
            runs: boolean;
            cores: number | null;
            alone: number | null;
            before: number;
            until: number | null;
            without: number | null;
        };
        /**
         * WithoutPlaceholders
         * @description What a workflow is without the places that it holds.
         */
        WithoutPlaceholders: {
            steps: string[];
            changes: string[];
            problem: string | null;
        };
        /**
         * WorkflowRecord
         * @description The graph that the session runs.
         */
        WorkflowRecord: {
            name: string;
            steps: components["schemas"]["StepRecord"][];
            links: components["schemas"]["LinkRecord"][];
        };
        /**
         * WorkflowSummary
         * @description A workflow to begin with.
         */
        WorkflowSummary: {
            name: string;
            title: string;
            summary: string;
            steps: number;
            movies: boolean;
            /** @enum {string} */
            origin: "shipped" | "saved";
            problem: string | null;
        };
        /**
         * WorkflowTemplate
         * @description A workflow to begin with, whole.
         */
        WorkflowTemplate: {
            name: string;
            /** @enum {string} */
            origin: "shipped" | "saved";
            workflow: {
                [key: string]: unknown;
            };
            titles: {
                [key: string]: string;
            };
            source: string | null;
            checked: components["schemas"]["CheckedWorkflow"];
            placeholders: components["schemas"]["HeldPlace"][];
            without: components["schemas"]["WithoutPlaceholders"] | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
