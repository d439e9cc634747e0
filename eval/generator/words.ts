/** Common English words of 4 to 10 letters, for the kinds that ask about letters. */
export const words: readonly string[] = `
ability accept achieve activity adding address adoption advance afford after afternoons against ahead aired ajar
album albums algorithm alley allocated aluminum ambulance amount angles animals answering anything apart approach
arms assistant attempt attended attends awarded backing backpacks baked banana band bands barn bars basics basin
bathroom battle beads beans beauty berries bicycle biggest binder binders birth biscuits bits block blood bolts bomb
bonus book bookshelf booth both bouquets boxcars boys braid break breakfast breath bring bringing brings broken
brother browsing brushes bubble bubbles buckets bullying bundled bunnies burger burgers burned burns butcher buyers
cable calculate calculated calling calories came camp candy canes capable caps carbon cargo carnations carries
cartridge carved castle catches caterer caused ceiling ceilings centimeter cents chair cheese chefs cherry chickens
children choosing chopping citizens citrus city client climbing climbs coach coaches coal coats coconut code
colleagues collected coloring community compare compared comparing completion complexity component compose computer
concrete conditions cone cones confidence connect considers constantly contained container continuous cookie coop
copies copper couch could counting country course cousin cows crackers cranes craters crayons credits crew crowd
crowded cucumber cups customer customers daily danced dancer dances deaf death debts decade decide decides dedicated
deducted definitely degrees delivery demerits department deposited descending describe desert difficulty digits dirt
discarded disco dislikes dive dolphins dominant doors dots downtown drawer dress dressed driven driver drought drum
dryers drying ducklings dunes duplicates early east easy economy eddy editions effective effects elephants elevator
ending enjoy enter envelope essay exact exam examples except excess expecting expects exploded explore extra families
farm farmland fast faster feeds feelings fenced file filling fills finally financial finding fined fixing flags flame
flavored fleas flies flight floral flower followed footprints foreign former formula fort forward fourteen fourths
foyer friend fries frog fruits full fully funds funny gallery gardens gather generation genre geography giant gifts
girlfriend glad glasses goes going gold golf graded grams granola grapes grates grooms grouped guests guidance guide
haircuts halls hamburger handle harvest harvested having heal healthcare heart heavy heels heir held helmet helping
herself hill hired hobbies hockey homeless hope horizontal horns hospital humor hurricane hybrids idea ideas improve
inch inches infected initial innovative input instructor intake integers interest invention inventory invested issued
itself jelly join jokes jumbo jumpers keep keys kills kilometers kilos king kitchen kits knew knife knives knocked
lack ladders last lasted lasts late launch laundry layer laying leaving legs lemon lemonade lens leopards lessons
letter lettuce lice lids life lift lighter lights likely lilies lily lions lipstick literature live located looking
losing lottery lower lumber magazine magic main males management manager marathon marks mass massive match matches
meals mean meaning measured measuring media meetings mental mentioned milk minnows mishap missed mixed mixes modeling
months morning mortgage mostly muffins musical mustard nails narrow national nature nautical necessary neighbors nine
noise none normal number nuts occupied olive omelet onions opinion opponents oral orchards organ orphanage otherwise
owns oysters packing pandas paragraph parrots pastries patient patio paws payment peanut peas pelican pencils permit
person pests phone photos picnic piece pies pillow pillows pine pineapple pink pins place plain plan plank plastic
plates plugs plums poles pool popular pound powerful practicing prays presents press priced primary prints project
prompts protect provides pudding puffs pulled pumpkin purse pushed quadruple quickly quit quota rabbits raccoons
racks radio raining rainy raisins raking random ranges rant rated rates rats reached reaching read reading reads
receive recycled reel refill remain removed rental rented repair repairing repeated report reported request requested
research resolve respect respond response resulted retail return returning revenue rides risk robins rods rooster
root rosemary rotate rows rubber safety salad salary sales sample sand scavenger scenario screen seaweed security
seed segments selection selling semesters send seniors sent sentence service sets seventh shade shampoo shape shaped
sharing sharpener sheets shifts shoes shop shovel show sides silverware since sinks skateboard skills sleeves slice
slices slide small smooth snakes soccer sodas sound soup souvenir spay speeding spends spent spiral spiritual splits
spokes spots spurt squirrel stalks stamps stand stands star starting statistics statue steak steaks steam step steps
stitches stocked stocks stolen stories straws stream street string strip structures stuck studying style subs
suddenly suppliers supposed suspended swam sweeps swept swing symbol tabs tail taken talked tank task tattoos taxes
team tear telling tents text textbooks than them thread through throw throwing tile tips toad toddlers together
tonight tooth topic tore torn total tours trading transfer traveled tray treated trends tricycle tried trimming
tripled truck trust tubs tuning turn twice twigs tying typed unable uncle underneath unicorn uniform units universe
update upstairs uses valley vans varied vegetables vertically view viewing vinegar voting wait waiting waits walking
washing watt wear weasels weekdays what wheels where whereas which wicks width wife will wing wish within without
wolves wonderful wonders wool workouts worm worth would yells yesterday yield yogurt younger youngest yourself zebra
zero
`
  .trim()
  .split(/\s+/);
