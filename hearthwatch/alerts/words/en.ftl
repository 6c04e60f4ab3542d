### What messages say, in English. Every language has the same keys and placeholders; a test holds it.
### Plain and exact: what was seen, never why it happened or who did it. No more certainty than there is.
### `brief-` words stand in SMS: letters of the GSM 7-bit alphabet only, in English and French.

## Marks of what is not about the world: first and last in every text
mark-test = TEST
mark-exercise = EXERCISE
about-test = This is a test. Nothing that it tells of happened.
about-exercise = This is an exercise. Nothing that it tells of happened.
marked = { $mark } - { $text } - { $mark }

## Kinds of event
kind-burned = signs of burning at a settlement
kind-razed = signs that buildings of a settlement are gone or destroyed
kind-camp-change = change at a camp or displacement site
kind-abandonment = signs that a settlement is abandoned
kind-ground-change = change on the ground, of a kind that cannot be told
kind-untold = something that this message does not name
brief-burned = Signs of burning at settlement
brief-razed = Signs of lost buildings
brief-camp-change = Change at camp
brief-abandonment = Signs of abandonment
brief-ground-change = Change on the ground
brief-untold = Something not named here

## What became of the site
change-new = the site is new
change-expanded = the site has grown
change-contracted = the site has shrunk
change-closed = the site is no longer there
change-razed-partial = part of the buildings gone or destroyed
change-razed-total = all buildings that can be seen gone or destroyed
change-abandoned = the fields round it no longer tilled
change-reoccupied = in use again
change-rebuilt = buildings there again

## States of an event, and what each rests on
state-candidate = candidate
state-provisional = provisional
state-corroborated = corroborated
state-confirmed = confirmed
state-disputed = disputed
state-rejected = rejected
state-retracted = retracted
state-closed = closed
why-candidate = Candidate: a first sign, found by software. It may turn out to be nothing. Nobody has confirmed it.
why-provisional = Provisional: found by software. No independent source bears it out so far, and nobody has confirmed it.
why-corroborated = Corroborated: independent sources agree. Nobody has confirmed it.
why-confirmed = Confirmed: people examined the evidence and found that it shows this.
why-disputed = Disputed: people doubt it, or do not agree about it.
why-rejected = Rejected: people examined the evidence and found that it does not show this.
why-retracted = Retracted: what was told before is taken back. Do not rely on it.
why-closed = Closed: it is no longer followed. That does not say that the place is safe, nor that what was told was wrong.

## Reasons of a rejection or retraction
reason-seasonal-burn = seasonal burning of vegetation
reason-crop-or-pasture = work on fields or pasture
reason-cloud-shadow-smoke = cloud, shadow or smoke
reason-flood-or-moisture = flood or wet ground
reason-industry-or-flare = industry or a gas flare
reason-construction = building work
reason-registration-error = pictures that do not lie exactly on each other
reason-sensor-artefact = a fault of the sensor
reason-old-change = an older change
reason-duplicate = the same as another event
reason-accidental-fire = an accidental fire
reason-other = another reason

## Certainty, in the words of CAP 1.2
sure-observed = observed
sure-likely = likely
sure-possible = possible
sure-unlikely = unlikely
sure-unknown = not known

## Severity: how grave it would be
severity-minor = minor
severity-moderate = moderate
severity-severe = severe
severity-extreme = extreme

## What a message does with what was told before
act-alert = Alert
act-update = Update
act-cancel = Cancelled

## How exact a place is
precision-exact-10m = exact to about 10 m
precision-vicinity-100m = exact to about 100 m
precision-locality-1km = exact to about 1 km
precision-admin = an area much larger than the place itself
place-square = somewhere in a square of { $km } km
place-near = in or near { $name }

## Levels of watching
level-routine = routine
level-elevated = elevated
level-urgent = urgent

## What people observed round the place, which raises its level: by codes, without words and source
context = Observed round it, and therefore watched more closely:
context-speech = dangerous speech on { $on } (source graded { $graded }): { $grades }
context-grade = { $variable } { $grade }
context-risk-factor = risk factor { $number } of the Framework of Analysis of the United Nations, { $what }, on { $on } (source graded { $graded })
context-more =
    { $count ->
        [one] One more is left out here.
       *[other] { $count } more are left out here.
    }
context-no-cause = That is why the place is watched. It does not say why it changed.
variable-speaker = speaker
variable-audience = audience
variable-act = speech act
variable-context = context
variable-means = means of dissemination
grade-none = none
grade-some = some
grade-strong = strong
factor-1 = armed conflict or other instability
factor-2 = a record of serious violations of rights
factor-3 = weak institutions of the state
factor-4 = motives or incentives
factor-5 = a capacity to do grave harm
factor-6 = little that could restrain it
factor-7 = enabling circumstances or preparation
factor-8 = triggering events
factor-9 = tensions between groups, or discrimination
factor-10 = signs of an intent against a protected group
factor-11 = signs of widespread or systematic violence against civilians
factor-12 = signs of a plan or policy against civilians
factor-13 = serious threats to people protected in war
factor-14 = serious threats to humanitarian work or peacekeeping

## What organisations answer
answer-none = no answer yet
answer-received = received
answer-taken-charge = has taken charge
answer-declined = declined
answer-handed-over = handed over

## The first line of an alert, and the subject of an e-mail. It names no place: it is shown on locked screens.
headline = { $act }: { $what }. { $state }
headline-state = State: { $state }.
headline-reason = State: { $state }; reason: { $reason }.
headline-merged = From now on told as part of another event.
what-changed = { $kind } ({ $change })

## One event
event-number = Event { $id }, message { $sequence } about it.
observed = What was observed: { $what }.
observed-with = Seen with { $sensors }.
observed-area = Area that changed: about { $area } ha.
severity = Severity, if it is so: { $severity }.
english = As the software wrote it:
english-people = As people wrote it:
where = Where: { $place } ({ $precision }).
where-point = Middle of it, latitude and longitude: { $point }.
where-untold = Where: this message names no place.
when = When: last seen unharmed on { $unharmed }, first seen changed on { $changed }. It changed at some time between these two looks; when exactly is not known.
when-open = When: first seen changed on { $changed }. No earlier look shows it plainly unharmed, so it may have changed long before.
when-untold = When: this message does not say.
seen = Last look that spoke of it: { $seen }.
looks =
    { $count ->
        [one] One look speaks of it.
       *[other] { $count } looks speak of it.
    }
sure = How sure: { $sure }.
sure-why = { $why }
because = Reason: { $reason }.
merged = It is told from now on as part of event { $event }.
reliability = How often such detectors are right:
reliability-untold = How often such detectors are right: this message does not say.
doubts = What speaks against it:
doubts-untold = What speaks against it: this message names nothing. That does not mean that there is nothing.
unseen = What could not be seen:
unseen-untold = What could not be seen: this message does not say. That does not mean that everything was seen.
level = Why the place is watched: at level { $level }.
level-until = Why the place is watched: at level { $level } until { $until }.
level-untold = Why the place is watched: this message does not say.
chain = How the news travelled:
chain-sensed = sensed: { $at }
chain-published = published: { $at }
chain-fetched = fetched: { $at }
chain-detected = detected: { $at }
chain-made = written: { $at }
chain-unknown = not known
chain-hours =
    { $count ->
        [one] From the satellite to this message: one hour.
       *[other] From the satellite to this message: { $count } hours.
    }
chain-days =
    { $count ->
        [one] From the satellite to this message: one day.
       *[other] From the satellite to this message: { $count } days.
    }
told = Who else was told:
told-one = { $name }: { $answer }
told-one-at = { $name }: { $answer } ({ $at })
told-nobody = So far none of them says that it has taken charge.
told-untold = Who else was told, and who has taken charge: this message does not say.
next = What to do next: { $instruction }
picture = Attached is a picture of the ground before, on { $before }, and after, on { $after }. The words in it are in English, its days in UTC.
picture-alt = Ground before, on { $before }, and after, on { $after }, seen by satellite
picture-secret = Do not pass it on openly: from a picture the place can be told.
picture-credit = Contains modified Copernicus Sentinel data { $years }
picture-failed = A picture of the ground before and after was asked for, and could not be made or sent. That says nothing about the place.
limits = Satellites show what changed on the ground. They do not show why, or who did it, or how the people there are.
notice = This is a notice: it says that there is something, and leaves out what could endanger people. Sign in to read more.

## What to do next
do-check = Check it with sources of your own before you rely on it.
do-confirmed = Act as you agreed to act on confirmed events.
do-escalated = You are told because whoever was told before you has not answered or cannot do it.
do-handed-over = You are told because another organisation handed this over to you.
do-hours = Say within hours whether you take charge, with the link for answers.
do-day = Say within a day whether you take charge, with the link for answers.
do-secret = Do not publish the place or pass it on openly: that can endanger the people there.
do-replaces = This replaces what you were told of this event before.
do-stop = Do not rely any longer on what you were told of this event. Tell those to whom you passed it on.
do-merged = Follow the other event from now on. What you passed on stays part of it.
do-closed = You need not answer. That it is closed does not say that the place is safe.
do-test = Answer as if it were real, and tell nobody that it is.

## Links. An address stands on a line of its own
link-event = Read the event:
link-answer = Answer (opening the page changes nothing; press the button there):
link-evidence = See the evidence:
link-confirm = To receive alerts, open this page and press the button there:
link-code = To receive alerts, give this code to whoever answers for the service and asked you:
link-unsubscribe = To receive no more of these messages:
link-receiver = What you receive, and when:
link-home = This service:

## Messages as wholes
greeting-late = This message is late. It was written on { $made } and could not be sent then. What it tells of may have changed since.
title-digest =
    { $count ->
        [one] Summary: one event
       *[other] Summary: { $count } events
    }
title-list =
    { $count ->
        [one] List: one event
       *[other] List: { $count } events
    }
title-late =
    { $count ->
        [one] Late: one event
       *[other] Late: { $count } events
    }
title-test = Test of this receiver
title-question = Do you want to receive alerts from { $sender }?
title-heartbeat = { $sender } is running
title-alarm = Something is wrong with { $sender }
body-digest = Summary written on { $made }.
body-list = More messages were due at once than this receiver takes in an hour. They stand here as a list.
body-late = These messages could not be sent in time, because of an outage. They stand here together.
body-test = This test was asked for by the person who answers for this receiver. If you can read it, alerts will reach you. You need do nothing.
body-question = Somebody asks that alerts from { $sender } be sent to this address. If you want that, say so as is said below. If not, do nothing: you will get no alerts.
body-heartbeat = { $sender } was running on { $made }, and this way of telling you works. This is no alert. It does not say that all is well in the places that are watched.
body-alarm = This is about the service itself, not about a place. Until it is put right, alerts may be late or missing: hearing nothing does not mean that nothing happened.
item-place = Where: { $place }
item-when = Last seen unharmed: { $unharmed }. First seen changed: { $changed }.
item-changed = First seen changed: { $changed }. No earlier look shows it plainly unharmed.
item-sure = How sure: { $sure }. Severity, if it is so: { $severity }.
item-event = Event { $id }
footer = Message { $id } from { $sender }, written on { $made }.
more =
    { $count ->
        [one] One more event is not in this message, as it would be too long. It is told of here:
       *[other] { $count } more events are not in this message, as it would be too long. They are told of here:
    }
cut =
    { $count ->
        [one] One line is left out here, as this message would be too long. All of it is here:
       *[other] { $count } lines are left out here, as this message would be too long. All of it is here:
    }
moment = { $day }, { $time } ({ $offset })

## Alarms: what is wrong with the service, and what to do. { $subject } is a code, { $command } is typed
title-alarm-over = Put right again: { $sender }
body-alarm-over = What was wrong with the service itself is over. What was held up meanwhile is sent now. This says nothing of what happened in the places that are watched.
alarm-no-data = For days no data of { $subject } came.
alarm-pass-missing = Passes of { $subject } were due and have not come.
alarm-provider-paused = { $subject } is not asked for pictures at the moment: it refuses or fails.
alarm-not-read = Regions are on the watchlist of which nothing is read.
alarm-owner-gone = { $subject } answered for receivers and is let in no more. They are told nothing; what there is to tell waits.
alarm-unanswered = The network was told of events, and nobody there took them on: every contact was asked, and none answered or all declined.
alarm-unreleased = Of events the network could tell nobody who acts yet: the contact whose turn it is may be told only what two people release.
alarm-no-heartbeat = Nothing takes new looks: what should do so gives no sign of life.
alarm-sender-dead = Nothing sends alerts: what should do so gives no sign of life. They wait.
alarm-queue-age = Messages are due and are not sent. They wait.
alarm-channel-down = By { $subject } nothing could be delivered, however often it was tried. Messages wait and are tried again.
alarm-store-locked = For a while nothing could be stored: no look was taken and nothing was sent.
alarm-clock-jump = The clock of the machine was set, or the machine stood still.
alarm-disk-low = There is hardly any room left on the disk. When there is none, nothing can be stored or sent.
alarm-restored = The records come from a backup. What was to be told then is not sent, as it may have been sent before.
alarm-do-no-data = Other sensors go on. See what each region is shown by, and whether the provider still lists this one: { $command }
alarm-do-pass-missing = Other sensors go on. If more passes stay away, see whether the satellite still flies and the provider still lists it: { $command }
alarm-do-provider-paused = It is asked again by itself. If it lasts, see what it answers and name another provider: { $command }
alarm-do-not-read = See why, for each region: { $command }
alarm-do-owner-gone = Take the receivers over, let their owner in again, or remove them; more is told by: { $command }
alarm-do-unanswered = Telephone the contacts, or tell others, and write down what is said; what was told to whom is told by: { $command }
alarm-do-unreleased = Have two people release what may be told, or telephone; who waits, and who is told next and when, is told by: { $command }
alarm-do-no-heartbeat = See why it ended, and start it again: { $command }
alarm-do-sender-dead = See why it ended, and start it again: { $command }
alarm-do-queue-age = See whether a channel is no longer set up, and what the log says: { $command }
alarm-do-channel-down = See what the other side answers, and whether the settings of the channel still hold: { $command }
alarm-do-store-locked = See what held it: another command, a backup, the database server: { $command }
alarm-do-clock-jump = See that the machine keeps its time by a time server. What was found meanwhile may bear wrong times: { $command }
alarm-do-disk-low = Make room, or move the data to a larger disk: { $command }
alarm-do-restored = See in the old log or at the receivers what arrived. To send what was held back: { $command }
alarm-since = Since: { $at }.
alarm-over = Over since: { $at }.
alarm-regions =
    { $count ->
        [one] One region is concerned.
       *[other] { $count } regions are concerned.
    }
alarm-more =
    { $count ->
        [one] One more region is not named here.
       *[other] { $count } more regions are not named here.
    }
alarm-passes =
    { $count ->
        [one] One pass is missing.
       *[other] { $count } passes are missing.
    }
alarm-receivers =
    { $count ->
        [one] One receiver is concerned.
       *[other] { $count } receivers are concerned.
    }
alarm-events =
    { $count ->
        [one] One event is concerned.
       *[other] { $count } events are concerned.
    }

## Signs of life
beat-regions =
    { $count ->
        [one] One region is watched.
       *[other] { $count } regions are watched.
    }
beat-fresh =
    { $count ->
        [one] Of one of them data came since { $since }.
       *[other] Of { $count } of them data came since { $since }.
    }
beat-alarms =
    { $count ->
        [one] One alarm about the service is open.
       *[other] { $count } alarms about the service are open.
    }
beat-next = The next such message comes by { $at }. If it does not, something is wrong: ask whoever runs this service. Hearing nothing does not mean that nothing happened.

## SMS
short-event = { $act }: { $what }, { $state }
short-number = Event { $id }
short-many =
    { $count ->
        [one] { $title }: one event
       *[other] { $title }: { $count } events
    }
short-digest = Summary
short-list = List
short-late = Late
short-test = Test of this receiver. Nothing happened
short-question = Alerts from { $sender }? If you want them:
short-question-code = Alerts from { $sender }? If you want them, give this code to whoever asked you:
short-heartbeat = { $sender } is running. No alert; not a sign that all is well
short-alarm = { $sender } has a fault: alerts may be late or missing
short-alarm-over = { $sender }: the fault is over. Not a sign that all is well
