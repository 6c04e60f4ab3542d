### Ce que disent les messages, en français. Mêmes clés et mêmes variables dans toutes les langues.
### « Brûlé » et « traces de feu » plutôt qu'« incendié », qui laisse entendre une main : la cause n'est jamais dite.
### Les mots `brief-` et `short-` sont ceux des SMS : sans ç, ê, û ni autre signe hors de l'alphabet GSM à 7 bits.
### Les états s'accordent avec « événement ».

## Mentions de ce qui n'est pas réel : en tête et en fin de chaque texte
mark-test = TEST
mark-exercise = EXERCICE
about-test = Ceci est un test. Rien de ce qui est décrit n'a eu lieu.
about-exercise = Ceci est un exercice. Rien de ce qui est décrit n'a eu lieu.
marked = { $mark } - { $text } - { $mark }

## Types d'événement
kind-burned = traces de feu dans un établissement humain
kind-razed = signes que des constructions d'un établissement humain ont disparu ou sont détruites
kind-camp-change = changement dans un camp ou un site de déplacement
kind-abandonment = signes qu'un établissement humain est abandonné
kind-ground-change = changement au sol, de nature indéterminée
kind-untold = un fait que ce message ne précise pas
brief-burned = Traces de feu, lieu habité
brief-razed = Constructions disparues (signes)
brief-camp-change = Changement dans un camp
brief-abandonment = Signes d'abandon
brief-ground-change = Changement au sol
brief-untold = Fait non précisé ici

## Ce que le site est devenu
change-new = site nouveau
change-expanded = site agrandi
change-contracted = site réduit
change-closed = site disparu
change-razed-partial = une partie des constructions disparue ou détruite
change-razed-total = toutes les constructions visibles disparues ou détruites
change-abandoned = champs alentour laissés en friche
change-reoccupied = de nouveau occupé
change-rebuilt = de nouveau bâti

## États d'un événement, et sur quoi chacun repose
state-candidate = candidat
state-provisional = provisoire
state-corroborated = corroboré
state-confirmed = confirmé
state-disputed = contesté
state-rejected = écarté
state-retracted = retiré
state-closed = clos
why-candidate = Candidat : premier signe, relevé par un logiciel. Il peut ne rien signifier. Personne ne l'a confirmé.
why-provisional = Provisoire : relevé par un logiciel. Aucune source indépendante ne l'appuie à ce jour et personne ne l'a confirmé.
why-corroborated = Corroboré : des sources indépendantes concordent. Personne ne l'a confirmé.
why-confirmed = Confirmé : des personnes ont examiné les éléments et constatent qu'ils le montrent.
why-disputed = Contesté : des personnes en doutent ou ne sont pas d'accord à ce sujet.
why-rejected = Écarté : des personnes ont examiné les éléments et constatent qu'ils ne le montrent pas.
why-retracted = Retiré : ce qui avait été annoncé est retiré. Ne vous y fiez plus.
why-closed = Clos : l'événement n'est plus suivi. Cela ne veut pas dire que le lieu est sûr, ni que ce qui a été annoncé était faux.

## Motifs d'un rejet ou d'un retrait
reason-seasonal-burn = brûlage saisonnier de la végétation
reason-crop-or-pasture = travaux des champs ou pâturage
reason-cloud-shadow-smoke = nuage, ombre ou fumée
reason-flood-or-moisture = inondation ou sol humide
reason-industry-or-flare = industrie ou torchère
reason-construction = travaux de construction
reason-registration-error = images mal superposées
reason-sensor-artefact = défaut du capteur
reason-old-change = changement plus ancien
reason-duplicate = même événement qu'un autre
reason-accidental-fire = feu accidentel
reason-other = autre motif

## Certitude, selon les termes du CAP 1.2
sure-observed = observé
sure-likely = probable
sure-possible = possible
sure-unlikely = peu probable
sure-unknown = inconnu

## Gravité, si le fait est avéré
severity-minor = mineure
severity-moderate = modérée
severity-severe = grave
severity-extreme = extrême

## Ce que le message fait de ce qui a été annoncé
act-alert = Alerte
act-update = Mise à jour
act-cancel = Annulation

## Précision du lieu
precision-exact-10m = à 10 m près environ
precision-vicinity-100m = à 100 m près environ
precision-locality-1km = à 1 km près environ
precision-admin = zone bien plus étendue que le lieu lui-même
place-square = quelque part dans un carré de { $km } km
place-near = à { $name } ou à proximité

## Niveaux de surveillance
level-routine = courant
level-elevated = renforcé
level-urgent = urgent

## Ce que des personnes ont observé autour du lieu et qui relève le niveau : par codes, sans les mots ni la source
context = Observé autour du lieu, d'où une surveillance plus étroite :
context-speech = discours dangereux, { $on } (source cotée { $graded }) : { $grades }
context-grade = { $variable } : { $grade }
context-risk-factor = facteur de risque { $number } du Cadre d'analyse des Nations Unies, { $what }, { $on } (source cotée { $graded })
context-more =
    { $count ->
        [one] Une autre observation n'est pas reprise ici.
       *[other] { $count } autres observations ne sont pas reprises ici.
    }
context-no-cause = Voilà pourquoi le lieu est surveillé. Cela ne dit pas pourquoi il a changé.
variable-speaker = orateur
variable-audience = public
variable-act = propos
variable-context = contexte
variable-means = moyen de diffusion
grade-none = nul
grade-some = modéré
grade-strong = fort
factor-1 = conflit armé ou autre instabilité
factor-2 = antécédents de violations graves des droits
factor-3 = faiblesse des institutions de l'État
factor-4 = mobiles ou incitations
factor-5 = capacité de nuire gravement
factor-6 = peu de choses qui puissent retenir
factor-7 = circonstances favorables ou préparatifs
factor-8 = évènements déclencheurs
factor-9 = tensions entre groupes, ou inégalités de traitement
factor-10 = signes d'une intention visant un groupe protégé
factor-11 = signes de violences étendues ou systématiques contre des civils
factor-12 = signes d'un plan ou d'une politique visant des civils
factor-13 = menaces graves pour les personnes protégées en temps de guerre
factor-14 = menaces graves pour l'aide humanitaire ou le maintien de la paix

## Réponses des organisations
answer-none = pas encore de réponse
answer-received = message reçu
answer-taken-charge = a pris l'événement en charge
answer-declined = a décliné
answer-handed-over = a transmis à une autre organisation

## Première ligne et objet du courriel. Aucun lieu : elle s'affiche sur les écrans verrouillés.
headline = { $act } : { $what }. { $state }
headline-state = État : { $state }.
headline-reason = État : { $state } ; motif : { $reason }.
headline-merged = Rattaché désormais à un autre événement.
what-changed = { $kind } ({ $change })

## Un événement
event-number = Événement { $id }, message { $sequence } à son sujet.
observed = Ce qui a été observé : { $what }.
observed-with = Observé par { $sensors }.
observed-area = Superficie modifiée : environ { $area } ha.
severity = Gravité, si le fait est avéré : { $severity }.
english = En anglais, tel que le logiciel l'a écrit :
english-people = Tel que des personnes l'ont écrit :
where = Où : { $place } ({ $precision }).
where-point = Centre, latitude et longitude : { $point }.
where-untold = Où : ce message ne nomme aucun lieu.
when = Quand : vu intact pour la dernière fois le { $unharmed }, vu changé pour la première fois le { $changed }. Le changement a eu lieu entre ces deux images ; on ne sait pas exactement quand.
when-open = Quand : vu changé pour la première fois le { $changed }. Aucune image antérieure ne le montre clairement intact : le changement peut être bien plus ancien.
when-untold = Quand : ce message ne le dit pas.
seen = Dernière image qui en témoigne : { $seen }.
looks =
    { $count ->
        [one] { $count } image en témoigne.
       *[other] { $count } images en témoignent.
    }
sure = Degré de certitude : { $sure }.
sure-why = { $why }
because = Motif : { $reason }.
merged = Il est désormais rattaché à l'événement { $event }.
reliability = Fiabilité constatée de ce type de détecteur :
reliability-untold = Fiabilité constatée de ce type de détecteur : ce message ne la donne pas.
doubts = Réserves :
doubts-untold = Réserves : ce message n'en indique pas. Cela ne veut pas dire qu'il n'y en a pas.
unseen = Ce qui n'a pas pu être vu :
unseen-untold = Ce qui n'a pas pu être vu : ce message ne le dit pas. Cela ne veut pas dire que tout a été vu.
level = Pourquoi le lieu est surveillé : au niveau { $level }.
level-until = Pourquoi le lieu est surveillé : au niveau { $level } jusqu'au { $until }.
level-untold = Pourquoi le lieu est surveillé : ce message ne le dit pas.
chain = Le chemin de l'information :
chain-sensed = image prise : { $at }
chain-published = image publiée : { $at }
chain-fetched = image reçue : { $at }
chain-detected = changement relevé : { $at }
chain-made = message rédigé : { $at }
chain-unknown = non connu
chain-hours =
    { $count ->
        [one] De la prise de vue à ce message : { $count } heure.
       *[other] De la prise de vue à ce message : { $count } heures.
    }
chain-days =
    { $count ->
        [one] De la prise de vue à ce message : { $count } jour.
       *[other] De la prise de vue à ce message : { $count } jours.
    }
told = Qui d'autre a été informé :
told-one = { $name } : { $answer }
told-one-at = { $name } : { $answer } ({ $at })
told-nobody = À ce jour, aucune de ces organisations ne dit avoir pris l'événement en charge.
told-untold = Qui d'autre a été informé, et qui a pris l'événement en charge : ce message ne le dit pas.
next = Que faire maintenant : { $instruction }
picture = Ci-joint une image du sol avant, le { $before }, et après, le { $after }. Ses mots sont en anglais, ses jours en UTC.
picture-alt = Le sol avant, le { $before }, et après, le { $after }, vu par satellite
picture-secret = Ne la transmettez pas ouvertement : une image permet de reconnaître le lieu.
picture-credit = Contient des données Copernicus Sentinel modifiées { $years }
picture-failed = Une image du sol avant et après était demandée et n'a pas pu être produite ou envoyée. Cela ne dit rien du lieu.
limits = Les satellites montrent ce qui a changé au sol. Ils ne montrent pas pourquoi, ni qui en est à l'origine, ni ce que deviennent les personnes.
notice = Ceci est un avis : il signale un fait et tait ce qui pourrait mettre des personnes en danger. Connectez-vous pour en savoir plus.

## Que faire maintenant
do-check = Recoupez l'information avec vos propres sources avant de vous y fier.
do-confirmed = Agissez comme convenu pour les événements confirmés.
do-escalated = Vous recevez ce message parce que ceux qui l'ont reçu avant vous n'ont pas répondu ou ne peuvent pas s'en charger.
do-handed-over = Vous recevez ce message parce qu'une autre organisation vous a transmis cet événement.
do-hours = Dites dans les heures qui viennent si vous prenez l'événement en charge, par le lien de réponse.
do-day = Dites d'ici un jour si vous prenez l'événement en charge, par le lien de réponse.
do-secret = Ne publiez pas le lieu et ne le transmettez pas ouvertement : cela peut mettre en danger les personnes qui s'y trouvent.
do-replaces = Ce message remplace ce qui vous a été annoncé de cet événement.
do-stop = Ne vous fiez plus à ce qui vous a été annoncé de cet événement. Prévenez les personnes à qui vous l'avez transmis.
do-merged = Suivez désormais l'autre événement. Ce que vous avez transmis en fait partie.
do-closed = Aucune réponse n'est attendue. La clôture ne veut pas dire que le lieu est sûr.
do-test = Répondez comme si c'était réel, sans dire à quiconque que ce l'est.

## Liens. Chaque adresse est seule sur sa ligne
link-event = Lire l'événement :
link-answer = Répondre (ouvrir la page ne change rien ; appuyez sur le bouton qui s'y trouve) :
link-evidence = Voir les éléments de preuve :
link-confirm = Pour recevoir les alertes, ouvrez cette page et appuyez sur le bouton qui s'y trouve :
link-code = Pour recevoir les alertes, donnez ce code à la personne qui répond du service et vous l'a proposé :
link-unsubscribe = Pour ne plus recevoir ces messages :
link-receiver = Ce que vous recevez, et quand :
link-home = Ce service :

## Messages entiers
greeting-late = Ce message arrive en retard. Il a été rédigé le { $made } et n'a pas pu être envoyé alors. La situation a pu changer depuis.
title-digest =
    { $count ->
        [one] Récapitulatif : { $count } événement
       *[other] Récapitulatif : { $count } événements
    }
title-list =
    { $count ->
        [one] Liste : { $count } événement
       *[other] Liste : { $count } événements
    }
title-late =
    { $count ->
        [one] En retard : { $count } événement
       *[other] En retard : { $count } événements
    }
title-test = Test de ce destinataire
title-question = Voulez-vous recevoir les alertes de { $sender } ?
title-heartbeat = { $sender } fonctionne
title-alarm = Problème du service { $sender }
body-digest = Récapitulatif rédigé le { $made }.
body-list = Plus de messages étaient à envoyer que ce destinataire n'en accepte en une heure. Les voici en liste.
body-late = Ces messages n'ont pas pu être envoyés à temps, en raison d'une panne. Les voici réunis.
body-test = Ce test a été demandé par la personne responsable de ce destinataire. Si vous pouvez le lire, les alertes vous parviendront. Vous n'avez rien à faire.
body-question = On demande que les alertes de { $sender } soient envoyées à cette adresse. Si vous le voulez, dites-le comme indiqué ci-dessous. Sinon, ne faites rien : vous ne recevrez aucune alerte.
body-heartbeat = { $sender } fonctionnait le { $made }, et ce moyen de vous joindre aussi. Ceci n'est pas une alerte. Cela ne veut pas dire que tout va bien dans les lieux surveillés.
body-alarm = Ceci concerne le service lui-même, et aucun lieu. Tant que le problème dure, des alertes peuvent tarder ou manquer : ne rien recevoir ne veut pas dire que rien n'est arrivé.
item-place = Où : { $place }
item-when = Vu intact pour la dernière fois : { $unharmed }. Vu changé pour la première fois : { $changed }.
item-changed = Vu changé pour la première fois : { $changed }. Aucune image antérieure ne le montre clairement intact.
item-sure = Degré de certitude : { $sure }. Gravité, si le fait est avéré : { $severity }.
item-event = Événement { $id }
footer = Message { $id } de { $sender }, rédigé le { $made }.
more =
    { $count ->
        [one] { $count } autre événement ne figure pas dans ce message, qui serait trop long. Il se trouve ici :
       *[other] { $count } autres événements ne figurent pas dans ce message, qui serait trop long. Ils se trouvent ici :
    }
cut =
    { $count ->
        [one] { $count } ligne est omise ici : le message serait trop long. Tout se trouve ici :
       *[other] { $count } lignes sont omises ici : le message serait trop long. Tout se trouve ici :
    }
moment = { $day } à { $time } ({ $offset })

## Alarmes
title-alarm-over = Problème résolu : { $sender }
body-alarm-over = Le problème qui touchait le service lui-même est résolu. Ce qui avait été retenu part maintenant. Cela ne dit rien de ce qui s'est passé dans les lieux surveillés.
alarm-no-data = Depuis des jours, aucune donnée de { $subject } n'est arrivée.
alarm-pass-missing = Des passages de { $subject } étaient attendus et ne sont pas arrivés.
alarm-provider-paused = { $subject } n'est plus interrogé pour le moment : il refuse ou ne répond pas.
alarm-not-read = Des régions figurent sur la liste de surveillance et rien n'en est lu.
alarm-owner-gone = { $subject } répondait de destinataires et n'a plus accès. Ils ne reçoivent rien ; ce qui doit leur être dit attend.
alarm-unanswered = Le réseau a été prévenu d'événements et personne ne s'en est chargé : tous les contacts ont été sollicités, sans réponse ou avec un refus.
alarm-unreleased = Il y a des événements que personne dans le réseau ne prend en charge : le contact dont c'est le tour ne peut apprendre que ce que deux personnes autorisent.
alarm-no-heartbeat = Aucune nouvelle image n'est prise en compte : ce qui doit le faire ne donne plus signe de vie.
alarm-sender-dead = Aucune alerte n'est envoyée : ce qui doit le faire ne donne plus signe de vie. Elles attendent.
alarm-queue-age = Des messages sont échus et ne partent pas. Ils attendent.
alarm-channel-down = Par { $subject }, rien n'a pu être remis malgré plusieurs essais. Les messages attendent et sont essayés de nouveau.
alarm-store-locked = Pendant un moment, rien n'a pu être enregistré : aucune image prise en compte, aucun envoi.
alarm-clock-jump = L'horloge de la machine a été changée, ou la machine s'est arrêtée un moment.
alarm-disk-low = Il ne reste presque plus de place sur le disque. Quand il n'y en aura plus, rien ne pourra être enregistré ni envoyé.
alarm-restored = Les données viennent d'une sauvegarde. Ce qui devait être dit alors n'est pas envoyé, car cela l'a peut-être déjà été.
alarm-do-no-data = Les autres capteurs continuent. Voyez ce qui montre chaque région et si le fournisseur propose encore celui-ci : { $command }
alarm-do-pass-missing = Les autres capteurs continuent. Si d'autres passages manquent, voyez si le satellite vole encore et si le fournisseur le propose : { $command }
alarm-do-provider-paused = Il sera interrogé de nouveau de lui-même. Si cela dure, voyez ce qu'il répond et désignez un autre fournisseur : { $command }
alarm-do-not-read = Voyez pourquoi, région par région : { $command }
alarm-do-owner-gone = Reprenez ces destinataires, rendez l'accès à leur responsable ou supprimez-les ; pour en savoir plus : { $command }
alarm-do-unanswered = Appelez les contacts ou prévenez d'autres personnes, et notez ce qui est dit ; ce qui a été dit et à qui : { $command }
alarm-do-unreleased = Que deux personnes autorisent ce qui peut être dit, ou téléphonez ; qui attend, et qui sera prévenu ensuite et quand : { $command }
alarm-do-no-heartbeat = Voyez pourquoi cela s'est arrêté et relancez : { $command }
alarm-do-sender-dead = Voyez pourquoi cela s'est arrêté, puis relancez : { $command }
alarm-do-queue-age = Voyez si un canal n'est plus configuré et ce que dit le journal : { $command }
alarm-do-channel-down = Voyez ce que répond l'autre côté et si les réglages du canal valent encore : { $command }
alarm-do-store-locked = Voyez ce qui le bloquait : une autre commande, une sauvegarde, le serveur de base de données : { $command }
alarm-do-clock-jump = Veillez à ce qu'un serveur de temps règle la machine. Ce qui a été trouvé entre-temps peut porter de fausses heures : { $command }
alarm-do-disk-low = Faites de la place ou déplacez les données sur un disque plus grand : { $command }
alarm-do-restored = Voyez dans l'ancien journal ou chez les destinataires ce qui est arrivé. Pour envoyer ce qui a été retenu : { $command }
alarm-since = Depuis : { $at }.
alarm-over = Résolu depuis : { $at }.
alarm-regions =
    { $count ->
        [one] { $count } région est concernée.
       *[other] { $count } régions sont concernées.
    }
alarm-more =
    { $count ->
        [one] { $count } autre région n'est pas nommée ici.
       *[other] { $count } autres régions ne sont pas nommées ici.
    }
alarm-passes =
    { $count ->
        [one] { $count } passage manque.
       *[other] { $count } passages manquent.
    }
alarm-receivers =
    { $count ->
        [one] { $count } destinataire est concerné.
       *[other] { $count } destinataires sont concernés.
    }
alarm-events =
    { $count ->
        [one] Un événement est concerné.
       *[other] { $count } événements sont concernés.
    }

## Signes de vie
beat-regions =
    { $count ->
        [one] { $count } région est surveillée.
       *[other] { $count } régions sont surveillées.
    }
beat-fresh =
    { $count ->
        [one] Pour { $count } d'entre elles, des données sont arrivées depuis le { $since }.
       *[other] Pour { $count } d'entre elles, des données sont arrivées depuis le { $since }.
    }
beat-alarms =
    { $count ->
        [one] { $count } alarme sur le service est ouverte.
       *[other] { $count } alarmes sur le service sont ouvertes.
    }
beat-next = Le prochain message de ce genre viendra au plus tard le { $at }. S'il ne vient pas, il y a un problème : demandez à qui fait marcher ce service. Ne rien recevoir ne veut pas dire que rien n'est arrivé.

## SMS
short-event = { $act } : { $what }, { $state }
short-number = Événement { $id }
short-many =
    { $count ->
        [one] { $title } : { $count } événement
       *[other] { $title } : { $count } événements
    }
short-digest = Récapitulatif
short-list = Liste
short-late = En retard
short-test = Test de ce destinataire. Rien n'a eu lieu
short-question = Alertes de { $sender } ? Pour les recevoir :
short-question-code = Alertes de { $sender } ? Pour les recevoir, donnez ce code à qui vous l'a proposé :
short-heartbeat = { $sender } fonctionne. Pas d'alerte ; cela ne dit pas que tout va bien
short-alarm = { $sender } en panne : alertes en retard ou absentes
short-alarm-over = { $sender } : panne finie. Cela ne dit pas que tout va bien
