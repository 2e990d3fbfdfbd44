PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES('0002');
CREATE TABLE arrival (
	id INTEGER NOT NULL, 
	step_id BIGINT NOT NULL, 
	revision_id BIGINT NOT NULL, 
	exposure_id BIGINT NOT NULL, 
	result_id BIGINT NOT NULL, 
	port TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	task_id BIGINT, 
	CONSTRAINT pk_arrival PRIMARY KEY (id), 
	CONSTRAINT uq_arrival_revision_id_exposure_id UNIQUE (revision_id, exposure_id)
);
INSERT INTO arrival VALUES(1,7,10,1,17,'number','5127f9382c6c5bc2ef4ba7a7276bf421:number',1,NULL);
INSERT INTO arrival VALUES(2,9,11,1,17,'number','5127f9382c6c5bc2ef4ba7a7276bf421:number',1,27);
INSERT INTO arrival VALUES(3,7,10,2,18,'number','6d42d77e43292a9b736cc28eb0f36dae:number',1,NULL);
INSERT INTO arrival VALUES(4,9,11,2,18,'number','6d42d77e43292a9b736cc28eb0f36dae:number',1,27);
INSERT INTO arrival VALUES(5,7,10,4,30,'number','f5b7b7e68a262a0f0fccb8cf643938a2:number',1,NULL);
INSERT INTO arrival VALUES(6,7,10,5,31,'number','850bd9960b3aac229d3f561216831e31:number',1,NULL);
INSERT INTO arrival VALUES(7,9,11,4,30,'number','f5b7b7e68a262a0f0fccb8cf643938a2:number',1,43);
INSERT INTO arrival VALUES(8,9,11,5,31,'number','850bd9960b3aac229d3f561216831e31:number',1,43);
INSERT INTO arrival VALUES(9,9,11,6,41,'number','deaa02bf1e70a35a5f7ba53974adf4e1:number',1,59);
CREATE TABLE command (
	token TEXT NOT NULL, 
	time DOUBLE NOT NULL, 
	name TEXT NOT NULL, 
	arguments TEXT NOT NULL, 
	who TEXT NOT NULL, 
	state TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	CONSTRAINT pk_command PRIMARY KEY (token)
);
INSERT INTO command VALUES('4ce10b1e79ce4bc78f250075fd8c495c',1735902640.2260160446,'adopt','{"alert": 3}','tune','done','share is at revision 2');
INSERT INTO command VALUES('c412b22f09b44601824611431bc3aa6c',1735902640.2924807071,'set','{"step": "share", "changes": {"add": 30}}','ada','done','share is at revision 3');
INSERT INTO command VALUES('2c52bcfbf2884cc68750d3c7278ae58d',1735902640.3244571685,'accept','{"exposures": ["e8"], "why": "it is large, and good"}','ada','done','1 exposures: accept at sel');
INSERT INTO command VALUES('ff04b8ab8c2f46d582cb387249cd3060',1735902640.3547768592,'reject','{"exposures": ["e1"], "why": "ice"}','ada','done','1 exposures: reject at sel');
INSERT INTO command VALUES('bb43953b1f644617b26081e5ac483d6d',1735902640.3663098811,'acknowledge','{"alert": 1}','ada','done','acknowledged');
INSERT INTO command VALUES('cdd4b18eb9ab434fa4a7b4332ca94fb8',1735902640.3918824195,'pause','{"step": "nothing"}','ada','refused','no step ''nothing'' in this session; it has src, a, b, mean, c, sel, hold, share, total, twice, watch, teach, tune');
INSERT INTO command VALUES('0beacaacc2d6493a8105b956954c18c8',1735902640.4481492042,'reject','{"exposures": ["e2"], "why": "a crack"}','ada','new','');
INSERT INTO command VALUES('0596ab3c51f74164aae09b3e99335281',1735902640.4525642395,'abort','{"step": "share", "branch": true}','ada','new','');
CREATE TABLE counter (
	revision_id BIGINT NOT NULL, 
	ready INTEGER NOT NULL, 
	running INTEGER NOT NULL, 
	held INTEGER NOT NULL, 
	done INTEGER NOT NULL, 
	failed INTEGER NOT NULL, 
	skipped INTEGER NOT NULL, 
	rejected INTEGER NOT NULL, 
	reused INTEGER NOT NULL, 
	seconds DOUBLE NOT NULL, 
	CONSTRAINT pk_counter PRIMARY KEY (revision_id)
);
INSERT INTO counter VALUES(1,0,0,0,6,0,0,0,0,0.0);
INSERT INTO counter VALUES(2,0,0,0,6,0,0,0,0,0.062496451000242814188);
INSERT INTO counter VALUES(3,0,0,0,6,0,0,0,0,0.0038101949999145290348);
INSERT INTO counter VALUES(4,0,0,0,6,0,0,0,0,0.0011300969999865628778);
INSERT INTO counter VALUES(5,0,0,0,0,0,0,0,0,0.0);
INSERT INTO counter VALUES(6,0,0,0,0,0,0,0,0,0.0);
INSERT INTO counter VALUES(7,0,0,0,0,0,0,0,0,0.0);
INSERT INTO counter VALUES(8,0,0,0,5,1,0,0,0,0.016567626000323798507);
INSERT INTO counter VALUES(9,0,0,0,5,0,1,1,0,0.00088212699984069331549);
INSERT INTO counter VALUES(10,0,0,0,4,0,2,0,0,0.0);
INSERT INTO counter VALUES(11,0,0,0,3,0,0,0,0,0.005633087000205705408);
INSERT INTO counter VALUES(12,0,0,0,0,0,0,0,0,0.0);
INSERT INTO counter VALUES(13,0,0,0,3,0,0,0,0,0.00062473200023305253125);
INSERT INTO counter VALUES(14,0,0,0,4,0,2,0,0,0.003490167000563815236);
INSERT INTO counter VALUES(15,0,0,0,4,0,2,0,0,0.0030488799993690918199);
CREATE TABLE decision (
	id INTEGER NOT NULL, 
	step_id BIGINT NOT NULL, 
	exposure_id BIGINT NOT NULL, 
	accepted BOOLEAN NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	time DOUBLE NOT NULL, 
	CONSTRAINT pk_decision PRIMARY KEY (id)
);
INSERT INTO decision VALUES(1,6,6,1,'ada','it is large, and good',1735902640.326470375);
INSERT INTO decision VALUES(2,6,1,0,'ada','ice',1735902640.357509613);
CREATE TABLE epoch (
	id INTEGER NOT NULL, 
	started DOUBLE NOT NULL, 
	holder TEXT NOT NULL, 
	software TEXT NOT NULL, 
	CONSTRAINT pk_epoch PRIMARY KEY (id)
);
INSERT INTO epoch VALUES(1,1735902640.0492398738,'18576@microscope','{"python": "3.11.7", "icestream": "0.1.0", "numpy": "2.4.6", "scipy": "1.17.1", "numba": "0.68.1"}');
CREATE TABLE event (
	seq INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	kind TEXT NOT NULL, 
	step_id BIGINT, 
	exposure_id BIGINT, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_event PRIMARY KEY (seq)
);
INSERT INTO event VALUES(1,1735902640.0492398738,'step.added',1,NULL,'{}');
INSERT INTO event VALUES(2,1735902640.0492398738,'step.added',2,NULL,'{}');
INSERT INTO event VALUES(3,1735902640.0492398738,'step.added',3,NULL,'{}');
INSERT INTO event VALUES(4,1735902640.0492398738,'step.added',4,NULL,'{}');
INSERT INTO event VALUES(5,1735902640.0492398738,'step.added',11,NULL,'{}');
INSERT INTO event VALUES(6,1735902640.0492398738,'step.added',12,NULL,'{}');
INSERT INTO event VALUES(7,1735902640.0492398738,'step.added',13,NULL,'{}');
INSERT INTO event VALUES(8,1735902640.0492398738,'step.added',5,NULL,'{}');
INSERT INTO event VALUES(9,1735902640.0492398738,'step.added',6,NULL,'{}');
INSERT INTO event VALUES(10,1735902640.0492398738,'step.added',7,NULL,'{}');
INSERT INTO event VALUES(11,1735902640.0492398738,'step.added',9,NULL,'{}');
INSERT INTO event VALUES(12,1735902640.0492398738,'step.added',8,NULL,'{}');
INSERT INTO event VALUES(13,1735902640.0492398738,'step.added',10,NULL,'{}');
INSERT INTO event VALUES(14,1735902640.0492398738,'session.started',NULL,NULL,'{"epoch": 1}');
INSERT INTO event VALUES(15,1735902640.0766284466,'exposure.found',NULL,1,'{}');
INSERT INTO event VALUES(16,1735902640.0766284466,'exposure.found',NULL,2,'{}');
INSERT INTO event VALUES(17,1735902640.0766284466,'exposure.found',NULL,3,'{}');
INSERT INTO event VALUES(18,1735902640.0766284466,'exposure.found',NULL,4,'{}');
INSERT INTO event VALUES(19,1735902640.0766284466,'exposure.found',NULL,5,'{}');
INSERT INTO event VALUES(20,1735902640.0766284466,'exposure.found',NULL,6,'{}');
INSERT INTO event VALUES(21,1735902640.0766284466,'task.done',1,1,'{"result": 1}');
INSERT INTO event VALUES(22,1735902640.0766284466,'task.done',1,2,'{"result": 2}');
INSERT INTO event VALUES(23,1735902640.0766284466,'task.done',1,3,'{"result": 3}');
INSERT INTO event VALUES(24,1735902640.0766284466,'task.done',1,4,'{"result": 4}');
INSERT INTO event VALUES(25,1735902640.0766284466,'task.done',1,5,'{"result": 5}');
INSERT INTO event VALUES(26,1735902640.0766284466,'task.done',1,6,'{"result": 6}');
INSERT INTO event VALUES(27,1735902640.0841815471,'step.state',1,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(28,1735902640.0847558974,'step.state',2,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(29,1735902640.0865151882,'step.state',3,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(30,1735902640.086811304,'step.state',4,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(31,1735902640.0870742797,'step.state',11,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(32,1735902640.0873227119,'step.state',12,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(33,1735902640.0875818729,'step.state',13,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(34,1735902640.0878264904,'step.state',5,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(35,1735902640.0880777835,'step.state',6,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(36,1735902640.0883052349,'step.state',7,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(37,1735902640.0885291099,'step.state',9,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(38,1735902640.0887491703,'step.state',8,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(39,1735902640.0889675617,'step.state',10,NULL,'{"state": "running", "reason": ""}');
INSERT INTO event VALUES(40,1735902640.1577689647,'task.done',2,1,'{"result": 7}');
INSERT INTO event VALUES(41,1735902640.1577689647,'task.done',2,2,'{"result": 8}');
INSERT INTO event VALUES(42,1735902640.1709635257,'task.done',2,3,'{"result": 9}');
INSERT INTO event VALUES(43,1735902640.1709635257,'task.done',2,4,'{"result": 10}');
INSERT INTO event VALUES(44,1735902640.1709635257,'task.done',2,5,'{"result": 11}');
INSERT INTO event VALUES(45,1735902640.1709635257,'task.done',2,6,'{"result": 12}');
INSERT INTO event VALUES(46,1735902640.1752548217,'task.done',3,1,'{"result": 13}');
INSERT INTO event VALUES(47,1735902640.1788041591,'task.done',3,2,'{"result": 14}');
INSERT INTO event VALUES(48,1735902640.1812782287,'task.done',4,1,'{"result": 15}');
INSERT INTO event VALUES(49,1735902640.1835801601,'task.done',4,2,'{"result": 16}');
INSERT INTO event VALUES(50,1735902640.1874911785,'task.done',5,1,'{"result": 17}');
INSERT INTO event VALUES(51,1735902640.1918036937,'task.done',5,2,'{"result": 18}');
INSERT INTO event VALUES(52,1735902640.1950469016,'task.done',6,1,'{"result": 19}');
INSERT INTO event VALUES(53,1735902640.1985528468,'task.done',6,2,'{"result": 20}');
INSERT INTO event VALUES(54,1735902640.2039117813,'task.done',3,3,'{"result": 21}');
INSERT INTO event VALUES(55,1735902640.2039117813,'task.done',3,4,'{"result": 22}');
INSERT INTO event VALUES(56,1735902640.2039117813,'task.done',3,5,'{"result": 23}');
INSERT INTO event VALUES(57,1735902640.2070438861,'task.done',3,6,'{"result": 24}');
INSERT INTO event VALUES(58,1735902640.2114059925,'task.done',9,-1,'{"result": 25}');
INSERT INTO event VALUES(59,1735902640.2133200168,'task.done',4,3,'{"result": 26}');
INSERT INTO event VALUES(60,1735902640.2133200168,'task.done',4,4,'{"result": 27}');
INSERT INTO event VALUES(61,1735902640.2133200168,'task.done',4,5,'{"result": 28}');
INSERT INTO event VALUES(62,1735902640.217991352,'task.done',10,-1,'{"result": 29}');
INSERT INTO event VALUES(63,1735902640.2229101657,'alert.raised',11,NULL,'{"alert": 1}');
INSERT INTO event VALUES(64,1735902640.2250232696,'alert.raised',12,NULL,'{"alert": 2}');
INSERT INTO event VALUES(65,1735902640.2260160446,'alert.raised',13,NULL,'{"alert": 3}');
INSERT INTO event VALUES(66,1735902640.2293515205,'step.revised',8,NULL,'{"revision": 2, "who": "tune", "changed": {"add": 20.0}}');
INSERT INTO event VALUES(67,1735902640.231581211,'alert.adopted',13,NULL,'{"alert": 3, "who": "tune", "step": "share", "changes": {"add": 20.0}}');
INSERT INTO event VALUES(68,1735902640.2318320273,'command.answered',NULL,NULL,'{"command": "adopt", "verdict": "done", "answer": "share is at revision 2"}');
INSERT INTO event VALUES(69,1735902640.233925104,'task.failed',5,3,'{"reason": "5.0 is no good: take another"}');
INSERT INTO event VALUES(70,1735902640.233925104,'task.done',5,4,'{"result": 30}');
INSERT INTO event VALUES(71,1735902640.233925104,'task.done',5,5,'{"result": 31}');
INSERT INTO event VALUES(72,1735902640.233925104,'task.skipped',6,3,'{"reason": "c failed"}');
INSERT INTO event VALUES(73,1735902640.233925104,'task.skipped',7,3,'{"reason": "c failed"}');
INSERT INTO event VALUES(74,1735902640.233925104,'task.skipped',8,3,'{"reason": "c failed"}');
INSERT INTO event VALUES(75,1735902640.2395520209,'task.done',6,4,'{"result": 32}');
INSERT INTO event VALUES(76,1735902640.2395520209,'task.done',6,5,'{"result": 33}');
INSERT INTO event VALUES(77,1735902640.2433085441,'step.gate',7,NULL,'{"gate": "open"}');
INSERT INTO event VALUES(78,1735902640.2460830211,'task.done',7,1,'{"result": null}');
INSERT INTO event VALUES(79,1735902640.2460830211,'task.done',7,2,'{"result": null}');
INSERT INTO event VALUES(80,1735902640.2460830211,'task.done',7,4,'{"result": null}');
INSERT INTO event VALUES(81,1735902640.2460830211,'task.done',7,5,'{"result": null}');
INSERT INTO event VALUES(82,1735902640.249903202,'task.done',4,6,'{"result": 34}');
INSERT INTO event VALUES(83,1735902640.249903202,'task.done',9,-2,'{"result": 35}');
INSERT INTO event VALUES(84,1735902640.2535862922,'task.done',8,1,'{"result": 36}');
INSERT INTO event VALUES(85,1735902640.2559216022,'task.done',8,2,'{"result": 37}');
INSERT INTO event VALUES(86,1735902640.2581620216,'task.done',8,4,'{"result": 38}');
INSERT INTO event VALUES(87,1735902640.2603957652,'task.done',8,5,'{"result": 39}');
INSERT INTO event VALUES(88,1735902640.2624313831,'task.done',10,-2,'{"result": 40}');
INSERT INTO event VALUES(89,1735902640.2659847736,'task.done',5,6,'{"result": 41}');
INSERT INTO event VALUES(90,1735902640.2691905498,'task.done',6,6,'{"result": 42}');
INSERT INTO event VALUES(91,1735902640.2691905498,'task.skipped',7,6,'{"reason": "rejected by sel: 10 is not below 9"}');
INSERT INTO event VALUES(92,1735902640.2691905498,'task.skipped',8,6,'{"reason": "rejected by sel: 10 is not below 9"}');
INSERT INTO event VALUES(93,1735902640.2954981326,'step.revised',8,NULL,'{"revision": 3, "who": "ada", "changed": {"add": 30}}');
INSERT INTO event VALUES(94,1735902640.2997279167,'command.answered',NULL,NULL,'{"command": "set", "verdict": "done", "answer": "share is at revision 3"}');
INSERT INTO event VALUES(95,1735902640.3004362583,'task.skipped',8,3,'{"reason": "c failed"}');
INSERT INTO event VALUES(96,1735902640.3004362583,'task.skipped',8,6,'{"reason": "rejected by sel: 10 is not below 9"}');
INSERT INTO event VALUES(97,1735902640.3037936687,'task.done',8,1,'{"result": 43}');
INSERT INTO event VALUES(98,1735902640.3061442375,'task.done',8,2,'{"result": 44}');
INSERT INTO event VALUES(99,1735902640.3083567619,'task.done',8,4,'{"result": 45}');
INSERT INTO event VALUES(100,1735902640.3099293709,'task.done',8,5,'{"result": 46}');
INSERT INTO event VALUES(101,1735902640.326470375,'exposure.judged',6,6,'{"accepted": true, "who": "ada", "why": "it is large, and good"}');
INSERT INTO event VALUES(102,1735902640.326470375,'task.done',6,6,'{"result": 42}');
INSERT INTO event VALUES(103,1735902640.326470375,'task.done',7,6,'{"result": null}');
INSERT INTO event VALUES(104,1735902640.3325958252,'command.answered',NULL,NULL,'{"command": "accept", "verdict": "done", "answer": "1 exposures: accept at sel"}');
INSERT INTO event VALUES(105,1735902640.3343350888,'task.done',8,6,'{"result": 47}');
INSERT INTO event VALUES(106,1735902640.357509613,'exposure.judged',6,1,'{"accepted": false, "who": "ada", "why": "ice"}');
INSERT INTO event VALUES(107,1735902640.357509613,'task.done',6,1,'{"result": 19}');
INSERT INTO event VALUES(108,1735902640.357509613,'task.skipped',7,1,'{"reason": "rejected by sel: ice"}');
INSERT INTO event VALUES(109,1735902640.357509613,'task.skipped',8,1,'{"reason": "rejected by sel: ice"}');
INSERT INTO event VALUES(110,1735902640.3609936237,'command.answered',NULL,NULL,'{"command": "reject", "verdict": "done", "answer": "1 exposures: reject at sel"}');
INSERT INTO event VALUES(111,1735902640.3694734573,'alert.acknowledged',NULL,NULL,'{"alert": 1, "who": "ada"}');
INSERT INTO event VALUES(112,1735902640.3702187538,'command.answered',NULL,NULL,'{"command": "acknowledge", "verdict": "done", "answer": "acknowledged"}');
INSERT INTO event VALUES(113,1735902640.395203352,'command.answered',NULL,NULL,'{"command": "pause", "verdict": "refused", "answer": "no step ''nothing'' in this session; it has src, a, b, mean, c, sel, hold, share, total, twice, watch, teach, tune"}');
INSERT INTO event VALUES(114,1735902640.4193487167,'step.state',1,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(115,1735902640.4199006557,'step.state',2,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(116,1735902640.4201962948,'step.state',3,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(117,1735902640.4204318522,'step.state',4,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(118,1735902640.4206559657,'step.state',11,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(119,1735902640.420873642,'step.state',12,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(120,1735902640.4210927486,'step.state',13,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(121,1735902640.4215695857,'step.state',5,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(122,1735902640.4218037128,'step.state',6,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(123,1735902640.4220240116,'step.state',7,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(124,1735902640.4239234924,'step.state',8,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(125,1735902640.4267735481,'task.done',9,-3,'{"result": 48}');
INSERT INTO event VALUES(126,1735902640.4290747642,'step.state',9,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(127,1735902640.4304816722,'task.done',10,-3,'{"result": 49}');
INSERT INTO event VALUES(128,1735902640.4313700198,'step.state',10,NULL,'{"state": "done", "reason": ""}');
INSERT INTO event VALUES(129,1735902640.4357440471,'session.state',NULL,NULL,'{"state": "done", "reason": ""}');
CREATE TABLE exposure (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	state TEXT NOT NULL, 
	reasons TEXT NOT NULL, 
	found DOUBLE NOT NULL, 
	details TEXT NOT NULL, 
	CONSTRAINT pk_exposure PRIMARY KEY (id), 
	CONSTRAINT uq_exposure_name UNIQUE (name)
);
INSERT INTO exposure VALUES(1,'e1','rejected','["sel: ice", "hold: rejected by sel: ice"]',1735902640.0766284466,'{}');
INSERT INTO exposure VALUES(2,'e2','done','[]',1735902640.0766284466,'{}');
INSERT INTO exposure VALUES(3,'e3','failed','["c: 5.0 is no good: take another"]',1735902640.0766284466,'{}');
INSERT INTO exposure VALUES(4,'e4','done','[]',1735902640.0766284466,'{}');
INSERT INTO exposure VALUES(5,'e5','done','[]',1735902640.0766284466,'{}');
INSERT INTO exposure VALUES(6,'e8','done','[]',1735902640.0766284466,'{}');
CREATE TABLE figure (
	step_id BIGINT NOT NULL, 
	document TEXT NOT NULL, 
	time DOUBLE NOT NULL, 
	CONSTRAINT pk_figure PRIMARY KEY (step_id)
);
INSERT INTO figure VALUES(11,'[{"title": "Values", "kind": "series", "y": [2.0, 3.0, 4.0, 5.0, 6.0, 9.0], "y_label": "value", "x": null, "x_label": ""}]',1735902640.431640625);
CREATE TABLE file (
	result_id BIGINT NOT NULL, 
	path TEXT NOT NULL, 
	size BIGINT NOT NULL
);
INSERT INTO file VALUES(17,'c/e1_number.txt',4000);
INSERT INTO file VALUES(18,'c/e2_number.txt',4000);
INSERT INTO file VALUES(25,'total/batch_00001_state',72);
INSERT INTO file VALUES(30,'c/e4_number.txt',4000);
INSERT INTO file VALUES(31,'c/e5_number.txt',4000);
INSERT INTO file VALUES(35,'total/batch_00002_state',72);
INSERT INTO file VALUES(41,'c/e8_number.txt',5000);
INSERT INTO file VALUES(48,'total/batch_00003_state',72);
CREATE TABLE input (
	result_id BIGINT NOT NULL, 
	port TEXT NOT NULL, 
	source_id BIGINT NOT NULL
);
INSERT INTO input VALUES(7,'number',1);
INSERT INTO input VALUES(8,'number',2);
INSERT INTO input VALUES(9,'number',3);
INSERT INTO input VALUES(10,'number',4);
INSERT INTO input VALUES(11,'number',5);
INSERT INTO input VALUES(12,'number',6);
INSERT INTO input VALUES(13,'number',1);
INSERT INTO input VALUES(14,'number',2);
INSERT INTO input VALUES(15,'number',7);
INSERT INTO input VALUES(15,'number',13);
INSERT INTO input VALUES(16,'number',8);
INSERT INTO input VALUES(16,'number',14);
INSERT INTO input VALUES(17,'number',15);
INSERT INTO input VALUES(18,'number',16);
INSERT INTO input VALUES(19,'number',17);
INSERT INTO input VALUES(20,'number',18);
INSERT INTO input VALUES(21,'number',3);
INSERT INTO input VALUES(22,'number',4);
INSERT INTO input VALUES(23,'number',5);
INSERT INTO input VALUES(24,'number',6);
INSERT INTO input VALUES(25,'number',17);
INSERT INTO input VALUES(25,'number',18);
INSERT INTO input VALUES(26,'number',9);
INSERT INTO input VALUES(26,'number',21);
INSERT INTO input VALUES(27,'number',10);
INSERT INTO input VALUES(27,'number',22);
INSERT INTO input VALUES(28,'number',11);
INSERT INTO input VALUES(28,'number',23);
INSERT INTO input VALUES(29,'total',25);
INSERT INTO input VALUES(30,'number',27);
INSERT INTO input VALUES(31,'number',28);
INSERT INTO input VALUES(32,'number',30);
INSERT INTO input VALUES(33,'number',31);
INSERT INTO input VALUES(34,'number',12);
INSERT INTO input VALUES(34,'number',24);
INSERT INTO input VALUES(35,'number',30);
INSERT INTO input VALUES(35,'number',31);
INSERT INTO input VALUES(35,'previous',25);
INSERT INTO input VALUES(36,'number',17);
INSERT INTO input VALUES(37,'number',18);
INSERT INTO input VALUES(38,'number',30);
INSERT INTO input VALUES(39,'number',31);
INSERT INTO input VALUES(40,'total',35);
INSERT INTO input VALUES(41,'number',34);
INSERT INTO input VALUES(42,'number',41);
INSERT INTO input VALUES(43,'number',17);
INSERT INTO input VALUES(44,'number',18);
INSERT INTO input VALUES(45,'number',30);
INSERT INTO input VALUES(46,'number',31);
INSERT INTO input VALUES(47,'number',41);
INSERT INTO input VALUES(48,'number',41);
INSERT INTO input VALUES(48,'previous',35);
INSERT INTO input VALUES(49,'total',48);
CREATE TABLE part (
	result_id BIGINT NOT NULL, 
	step_id BIGINT NOT NULL, 
	revision_id BIGINT NOT NULL, 
	exposure_id BIGINT NOT NULL, 
	rows INTEGER NOT NULL, 
	segment_id BIGINT, 
	CONSTRAINT pk_part PRIMARY KEY (result_id)
);
CREATE TABLE quality (
	id INTEGER NOT NULL, 
	step_id BIGINT NOT NULL, 
	revision_id BIGINT NOT NULL, 
	exposure_id BIGINT NOT NULL, 
	result_id BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	value DOUBLE NOT NULL, 
	CONSTRAINT pk_quality PRIMARY KEY (id)
);
INSERT INTO quality VALUES(1,2,2,1,7,'toy.value',2.0);
INSERT INTO quality VALUES(2,2,2,2,8,'toy.value',3.0);
INSERT INTO quality VALUES(3,2,2,3,9,'toy.value',4.0);
INSERT INTO quality VALUES(4,2,2,4,10,'toy.value',5.0);
INSERT INTO quality VALUES(5,2,2,5,11,'toy.value',6.0);
INSERT INTO quality VALUES(6,2,2,6,12,'toy.value',9.0);
INSERT INTO quality VALUES(7,3,3,1,13,'toy.value',4.0);
INSERT INTO quality VALUES(8,3,3,2,14,'toy.value',5.0);
INSERT INTO quality VALUES(9,4,4,1,15,'toy.value',3.0);
INSERT INTO quality VALUES(10,4,4,2,16,'toy.value',4.0);
INSERT INTO quality VALUES(11,5,8,1,17,'toy.value',3.0);
INSERT INTO quality VALUES(12,5,8,2,18,'toy.value',4.0);
INSERT INTO quality VALUES(13,3,3,3,21,'toy.value',6.0);
INSERT INTO quality VALUES(14,3,3,4,22,'toy.value',7.0);
INSERT INTO quality VALUES(15,3,3,5,23,'toy.value',8.0);
INSERT INTO quality VALUES(16,3,3,6,24,'toy.value',11.0);
INSERT INTO quality VALUES(17,4,4,3,26,'toy.value',5.0);
INSERT INTO quality VALUES(18,4,4,4,27,'toy.value',6.0);
INSERT INTO quality VALUES(19,4,4,5,28,'toy.value',7.0);
INSERT INTO quality VALUES(20,5,8,4,30,'toy.value',6.0);
INSERT INTO quality VALUES(21,5,8,5,31,'toy.value',7.0);
INSERT INTO quality VALUES(22,4,4,6,34,'toy.value',10.0);
INSERT INTO quality VALUES(23,8,14,1,36,'toy.value',23.0);
INSERT INTO quality VALUES(24,8,14,2,37,'toy.value',24.0);
INSERT INTO quality VALUES(25,8,14,4,38,'toy.value',26.0);
INSERT INTO quality VALUES(26,8,14,5,39,'toy.value',27.0);
INSERT INTO quality VALUES(27,5,8,6,41,'toy.value',10.0);
INSERT INTO quality VALUES(28,8,15,1,43,'toy.value',33.0);
INSERT INTO quality VALUES(29,8,15,2,44,'toy.value',34.0);
INSERT INTO quality VALUES(30,8,15,4,45,'toy.value',36.0);
INSERT INTO quality VALUES(31,8,15,5,46,'toy.value',37.0);
INSERT INTO quality VALUES(32,8,15,6,47,'toy.value',40.0);
CREATE TABLE result (
	id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	step_id BIGINT NOT NULL, 
	revision_id BIGINT NOT NULL, 
	exposure_id BIGINT NOT NULL, 
	document TEXT NOT NULL, 
	checkpoint TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	started DOUBLE NOT NULL, 
	seconds DOUBLE NOT NULL, 
	host TEXT NOT NULL, 
	CONSTRAINT pk_result PRIMARY KEY (id), 
	CONSTRAINT uq_result_key UNIQUE ("key")
);
INSERT INTO result VALUES(1,'9e95435a02f218f14272df0a16bd35fa',1,1,1,'{"number": {"exposure": "e1", "value": 1.0, "path": null}}','',1,1,1735902640.0766284466,0.0,'');
INSERT INTO result VALUES(2,'31e16872b70b1dc50263f737bc905cfb',1,1,2,'{"number": {"exposure": "e2", "value": 2.0, "path": null}}','',1,1,1735902640.0766284466,0.0,'');
INSERT INTO result VALUES(3,'d5fc6e8e3f26ed80a6aa82daae4181e0',1,1,3,'{"number": {"exposure": "e3", "value": 3.0, "path": null}}','',1,1,1735902640.0766284466,0.0,'');
INSERT INTO result VALUES(4,'54a55ea326734127ed01da8cf5f75173',1,1,4,'{"number": {"exposure": "e4", "value": 4.0, "path": null}}','',1,1,1735902640.0766284466,0.0,'');
INSERT INTO result VALUES(5,'921db80121ddb1828fb93f1ab4d213fc',1,1,5,'{"number": {"exposure": "e5", "value": 5.0, "path": null}}','',1,1,1735902640.0766284466,0.0,'');
INSERT INTO result VALUES(6,'095b66073e3eb701f27cdc1190ad1740',1,1,6,'{"number": {"exposure": "e8", "value": 8.0, "path": null}}','',1,1,1735902640.0766284466,0.0,'');
INSERT INTO result VALUES(7,'d085e134ba2339d2be9fcd9f0963c250',2,2,1,'{"number":{"exposure":"e1","value":2.0,"path":null}}','',1,1,1735902640.0908942222,0.0027459679999992658849,'microscope');
INSERT INTO result VALUES(8,'aaf0c1c34993d73e0c2f71e5ab11fda5',2,2,2,'{"number":{"exposure":"e2","value":3.0,"path":null}}','',1,1,1735902640.0936665535,0.0530260979999184201,'microscope');
INSERT INTO result VALUES(9,'914fb9e66ac5acc1c45cd7e153ea9be2',2,2,3,'{"number":{"exposure":"e3","value":4.0,"path":null}}','',1,1,1735902640.1618051528,0.0016938880003181111533,'microscope');
INSERT INTO result VALUES(10,'23b77d9c2c26b4f00660800373ed437d',2,2,4,'{"number":{"exposure":"e4","value":5.0,"path":null}}','',1,1,1735902640.1635713576,0.0017942770000445307232,'microscope');
INSERT INTO result VALUES(11,'83b62bf95c4371016f9447c030c32a47',2,2,5,'{"number":{"exposure":"e5","value":6.0,"path":null}}','',1,1,1735902640.165374279,0.0028282809998927405104,'microscope');
INSERT INTO result VALUES(12,'0bac81efbe34ec153994e5110b3cfef3',2,2,6,'{"number":{"exposure":"e8","value":9.0,"path":null}}','',1,1,1735902640.168226242,0.00040793900006974581629,'microscope');
INSERT INTO result VALUES(13,'9dc5d966067fa984f4fd74bef728df33',3,3,1,'{"number":{"exposure":"e1","value":4.0,"path":null}}','',1,1,1735902640.1747217178,0.00031307699964600033126,'microscope');
INSERT INTO result VALUES(14,'142c12a1d4ad1a6e40e5c6c8a545757b',3,3,2,'{"number":{"exposure":"e2","value":5.0,"path":null}}','',1,1,1735902640.1750650405,0.0005137269999977434054,'microscope');
INSERT INTO result VALUES(15,'cb7538101ca59382846eab6fd0c0acfa',4,4,1,'{"number":{"exposure":"e1","value":3.0,"path":null}}','',1,1,1735902640.1799767017,0.00025592200017854338511,'microscope');
INSERT INTO result VALUES(16,'02d081a9d383eb831a4b32b61d61782c',4,4,2,'{"number":{"exposure":"e2","value":4.0,"path":null}}','',1,1,1735902640.1817958355,0.00015989900020940694957,'microscope');
INSERT INTO result VALUES(17,'5127f9382c6c5bc2ef4ba7a7276bf421',5,8,1,'{"number":{"exposure":"e1","value":3.0,"path":"c/e1_number.txt"}}','',1,1,1735902640.1847054958,0.0019421140000304148998,'microscope');
INSERT INTO result VALUES(18,'6d42d77e43292a9b736cc28eb0f36dae',5,8,2,'{"number":{"exposure":"e2","value":4.0,"path":"c/e2_number.txt"}}','',1,1,1735902640.1866779327,0.0015199489998849458061,'microscope');
INSERT INTO result VALUES(19,'f72cf588e9f62d3f7ffae2227f111442',6,9,1,'{"verdict": {"accepted": true, "reasons": []}}','',1,1,1735902640.1914358139,0.00022814099975221324712,'microscope');
INSERT INTO result VALUES(20,'1ce879bee8861dcc88359bed005b004c',6,9,2,'{"verdict": {"accepted": true, "reasons": []}}','',1,1,1735902640.1952421664,0.00017023400005200528539,'microscope');
INSERT INTO result VALUES(21,'423f557cd8827b124416386ad444cf2f',3,3,3,'{"number":{"exposure":"e3","value":6.0,"path":null}}','',1,1,1735902640.1999943256,0.00090637199991761008277,'microscope');
INSERT INTO result VALUES(22,'c84dcfd3015f54e8e4f29d60addb7371',3,3,4,'{"number":{"exposure":"e4","value":7.0,"path":null}}','',1,1,1735902640.2009069919,0.00058754700012286775745,'microscope');
INSERT INTO result VALUES(23,'918ec99b876c0f9dfdc165f33d08e044',3,3,5,'{"number":{"exposure":"e5","value":8.0,"path":null}}','',1,1,1735902640.2014999389,0.00059104199999637785367,'microscope');
INSERT INTO result VALUES(24,'8eadfe0925f3532902f704f5beab2b9a',3,3,6,'{"number":{"exposure":"e8","value":11.0,"path":null}}','',1,1,1735902640.2040846348,0.00089843000023392960429,'microscope');
INSERT INTO result VALUES(25,'03a796992a6042d126f024be2b9949cd',9,11,-1,'{"total":{"value":7.0,"count":2,"batches":1,"final":false}}','total/batch_00001_state',1,1,1735902640.2072706223,0.0027539799998521630186,'microscope');
INSERT INTO result VALUES(26,'b776d54f3d1fff19ff7e50fe94c533e4',4,4,3,'{"number":{"exposure":"e3","value":5.0,"path":null}}','',1,1,1735902640.2108736038,0.00019760499981202883645,'microscope');
INSERT INTO result VALUES(27,'5e8b377b3ec7fa4dc089efa4da6d122f',4,4,4,'{"number":{"exposure":"e4","value":6.0,"path":null}}','',1,1,1735902640.2110769748,0.00010308399987479788251,'microscope');
INSERT INTO result VALUES(28,'cd6971b24332bf396a910223dd08242a',4,4,5,'{"number":{"exposure":"e5","value":7.0,"path":null}}','',1,1,1735902640.2111833095,8.9152999862562865018e-05,'microscope');
INSERT INTO result VALUES(29,'45bc8bf10f94f9e5a969efcda479c9ca',10,13,-1,'{"total":{"value":14.0,"count":2,"batches":1,"final":false}}','',1,1,1735902640.2134950161,0.00023116500005926354788,'microscope');
INSERT INTO result VALUES(30,'f5b7b7e68a262a0f0fccb8cf643938a2',5,8,4,'{"number":{"exposure":"e4","value":6.0,"path":"c/e4_number.txt"}}','',1,1,1735902640.2186739445,0.0076538419998541940003,'microscope');
INSERT INTO result VALUES(31,'850bd9960b3aac229d3f561216831e31',5,8,5,'{"number":{"exposure":"e5","value":7.0,"path":"c/e5_number.txt"}}','',1,1,1735902640.2263445854,0.0022945240002627542708,'microscope');
INSERT INTO result VALUES(32,'0e5d420248eb51d2c226a4f4766ac677',6,9,4,'{"verdict": {"accepted": true, "reasons": []}}','',1,1,1735902640.2390594482,0.00024393400008193566463,'microscope');
INSERT INTO result VALUES(33,'3da0d789f5073adc83e2e7df7d91c9e6',6,9,5,'{"verdict": {"accepted": true, "reasons": []}}','',1,1,1735902640.2393383979,7.2408000050927512347e-05,'microscope');
INSERT INTO result VALUES(34,'b2b5294a117d3e22f039cfea2b9e2b46',4,4,6,'{"number":{"exposure":"e8","value":10.0,"path":null}}','',1,1,1735902640.2462139129,0.0003244340000492229592,'microscope');
INSERT INTO result VALUES(35,'84179cf990b34a7c113da4b20bff862b',9,11,-2,'{"total":{"value":20.0,"count":4,"batches":2,"final":false}}','total/batch_00002_state',1,1,1735902640.2465543746,0.0016066670000327576417,'microscope');
INSERT INTO result VALUES(36,'f7d48c37690a82ba77c2336f68cc36a6',8,14,1,'{"number":{"exposure":"e1","value":23.0,"path":null}}','',1,1,1735902640.2530431747,0.00031601200043951394036,'microscope');
INSERT INTO result VALUES(37,'c844d1efb013c17c730c9e3d42282c91',8,14,2,'{"number":{"exposure":"e2","value":24.0,"path":null}}','',1,1,1735902640.253387928,0.0010114990000147372484,'microscope');
INSERT INTO result VALUES(38,'c1b3ccf54d6aa0f7adb8c3b4de61faae',8,14,4,'{"number":{"exposure":"e4","value":26.0,"path":null}}','',1,1,1735902640.2560873031,0.0011081930001637374516,'microscope');
INSERT INTO result VALUES(39,'c66eeb544d96a779838cfda34dc89e59',8,14,5,'{"number":{"exposure":"e5","value":27.0,"path":null}}','',1,1,1735902640.2583715915,0.0010544629999458265956,'microscope');
INSERT INTO result VALUES(40,'cf26ecc6bd99c91adb73597e47f6cc18',10,13,-2,'{"total":{"value":40.0,"count":4,"batches":2,"final":false}}','',1,1,1735902640.2606174945,0.00015178600006038323044,'microscope');
INSERT INTO result VALUES(41,'deaa02bf1e70a35a5f7ba53974adf4e1',5,8,6,'{"number":{"exposure":"e8","value":10.0,"path":"c/e8_number.txt"}}','',1,1,1735902640.2625825405,0.0031571970002914895303,'microscope');
INSERT INTO result VALUES(42,'672e7ea076b6280aaeda23a7e833e097',6,9,6,'{"verdict": {"accepted": false, "reasons": ["10 is not below 9"]}}','',1,1,1735902640.2688820361,0.00016740999990361160598,'microscope');
INSERT INTO result VALUES(43,'e821e9af979b64322e1b2618697f42ec',8,15,1,'{"number":{"exposure":"e1","value":33.0,"path":null}}','',1,1,1735902640.3030586243,0.00048381199985669809393,'microscope');
INSERT INTO result VALUES(44,'a8409775208c3e3bffde81287cd90851',8,15,2,'{"number":{"exposure":"e2","value":34.0,"path":null}}','',1,1,1735902640.3035778999,0.0014453270000558404717,'microscope');
INSERT INTO result VALUES(45,'9f0ac0cd0afc1951641c096611111233',8,15,4,'{"number":{"exposure":"e4","value":36.0,"path":null}}','',1,1,1735902640.3063464163,0.0003432419998716795817,'microscope');
INSERT INTO result VALUES(46,'13c5afd19fcb63a1f3eaed288bab5133',8,15,5,'{"number":{"exposure":"e5","value":37.0,"path":null}}','',1,1,1735902640.3093838691,0.00033962699990297551266,'microscope');
INSERT INTO result VALUES(47,'6c30ddeb64f556e5b18e1320d7f5a79b',8,15,6,'{"number":{"exposure":"e8","value":40.0,"path":null}}','',1,1,1735902640.3337333202,0.0004368719996818981599,'microscope');
INSERT INTO result VALUES(48,'3a83a0760eb976b81d0078dc25f364ce',9,11,-3,'{"total":{"value":30.0,"count":5,"batches":3,"final":true}}','total/batch_00003_state',1,1,1735902640.4251525401,0.0012724400003207847476,'microscope');
INSERT INTO result VALUES(49,'85ba0d49231bace357c16b5ffe0935d8',10,13,-3,'{"total":{"value":60.0,"count":5,"batches":3,"final":true}}','',1,1,1735902640.4301426411,0.00024178100011340575292,'microscope');
CREATE TABLE sample (
	id INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	name TEXT NOT NULL, 
	value DOUBLE NOT NULL, 
	unit TEXT NOT NULL, 
	CONSTRAINT pk_sample PRIMARY KEY (id)
);
INSERT INTO sample VALUES(1,1735902640.162262678,'toy.last',3.0,'');
INSERT INTO sample VALUES(2,1735902640.2143764496,'toy.last',9.0,'');
INSERT INTO sample VALUES(3,1735902640.431640625,'toy.last',9.0,'');
CREATE TABLE segment (
	id INTEGER NOT NULL, 
	step_id BIGINT NOT NULL, 
	revision_id BIGINT NOT NULL, 
	path TEXT NOT NULL, 
	rows BIGINT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_segment PRIMARY KEY (id)
);
CREATE TABLE session (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	workflow TEXT NOT NULL, 
	"order" TEXT NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	holder TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_session PRIMARY KEY (id)
);
INSERT INTO session VALUES(1,'session','toy','oldest','done','',1,'18576@microscope',1735902640.0492398738,1735902640.4357440471);
CREATE TABLE step (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	protocol TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	depth INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	revision_id BIGINT NOT NULL, 
	cursor TEXT NOT NULL, 
	gate TEXT NOT NULL, 
	backfill BIGINT, 
	CONSTRAINT pk_step PRIMARY KEY (id), 
	CONSTRAINT uq_step_name UNIQUE (name)
);
INSERT INTO step VALUES(1,'src','toy.count','source',0,'done','',1,'["e1", "e2", "e3", "e4", "e5", "e8"]','held',NULL);
INSERT INTO step VALUES(2,'a','toy.add','item',1,'done','',2,'null','held',NULL);
INSERT INTO step VALUES(3,'b','toy.add','item',1,'done','',3,'null','held',NULL);
INSERT INTO step VALUES(4,'mean','toy.agree','consensus',2,'done','',4,'null','held',NULL);
INSERT INTO step VALUES(5,'c','toy.add','item',3,'done','',8,'null','held',NULL);
INSERT INTO step VALUES(6,'sel','toy.select','selection',4,'done','',9,'null','held',NULL);
INSERT INTO step VALUES(7,'hold','toy.hold','trigger',5,'done','',10,'null','open',NULL);
INSERT INTO step VALUES(8,'share','toy.add','item',6,'done','',15,'null','held',NULL);
INSERT INTO step VALUES(9,'total','toy.total','batch',5,'done','',11,'null','held',NULL);
INSERT INTO step VALUES(10,'twice','toy.double','item',6,'done','',13,'null','held',NULL);
INSERT INTO step VALUES(11,'watch','toy.watch','monitor',2,'done','',5,'null','held',NULL);
INSERT INTO step VALUES(12,'teach','toy.teach','monitor',2,'done','',6,'null','held',NULL);
INSERT INTO step VALUES(13,'tune','toy.teach','monitor',2,'done','',7,'null','held',NULL);
CREATE TABLE task (
	id INTEGER NOT NULL, 
	step_id BIGINT NOT NULL, 
	revision_id BIGINT NOT NULL, 
	exposure_id BIGINT NOT NULL, 
	"key" TEXT NOT NULL, 
	inputs TEXT NOT NULL, 
	state TEXT NOT NULL, 
	passed BOOLEAN NOT NULL, 
	rank BIGINT NOT NULL, 
	attempt INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	due DOUBLE NOT NULL, 
	result_id BIGINT, 
	serial BIGINT NOT NULL, 
	ended DOUBLE, 
	reason TEXT NOT NULL, 
	details TEXT NOT NULL, 
	CONSTRAINT pk_task PRIMARY KEY (id), 
	CONSTRAINT uq_task_revision_id_exposure_id UNIQUE (revision_id, exposure_id)
);
INSERT INTO task VALUES(1,1,1,1,'9e95435a02f218f14272df0a16bd35fa','[]','done',1,1099511627774,0,0,0.0,1,21,1735902640.0766284466,'','');
INSERT INTO task VALUES(2,1,1,2,'31e16872b70b1dc50263f737bc905cfb','[]','done',1,1099511627773,0,0,0.0,2,22,1735902640.0766284466,'','');
INSERT INTO task VALUES(3,1,1,3,'d5fc6e8e3f26ed80a6aa82daae4181e0','[]','done',1,1099511627772,0,0,0.0,3,23,1735902640.0766284466,'','');
INSERT INTO task VALUES(4,1,1,4,'54a55ea326734127ed01da8cf5f75173','[]','done',1,1099511627771,0,0,0.0,4,24,1735902640.0766284466,'','');
INSERT INTO task VALUES(5,1,1,5,'921db80121ddb1828fb93f1ab4d213fc','[]','done',1,1099511627770,0,0,0.0,5,25,1735902640.0766284466,'','');
INSERT INTO task VALUES(6,1,1,6,'095b66073e3eb701f27cdc1190ad1740','[]','done',1,1099511627769,0,0,0.0,6,26,1735902640.0766284466,'','');
INSERT INTO task VALUES(7,2,2,1,'d085e134ba2339d2be9fcd9f0963c250','[["number", "src", 1, "number"]]','done',1,2199023255550,1,1,0.0,7,40,1735902640.1577689647,'','');
INSERT INTO task VALUES(8,2,2,2,'aaf0c1c34993d73e0c2f71e5ab11fda5','[["number", "src", 2, "number"]]','done',1,2199023255549,1,1,0.0,8,41,1735902640.1577689647,'','');
INSERT INTO task VALUES(9,2,2,3,'914fb9e66ac5acc1c45cd7e153ea9be2','[["number", "src", 3, "number"]]','done',1,2199023255548,1,1,0.0,9,42,1735902640.1709635257,'','');
INSERT INTO task VALUES(10,2,2,4,'23b77d9c2c26b4f00660800373ed437d','[["number", "src", 4, "number"]]','done',1,2199023255547,1,1,0.0,10,43,1735902640.1709635257,'','');
INSERT INTO task VALUES(11,2,2,5,'83b62bf95c4371016f9447c030c32a47','[["number", "src", 5, "number"]]','done',1,2199023255546,1,1,0.0,11,44,1735902640.1709635257,'','');
INSERT INTO task VALUES(12,2,2,6,'0bac81efbe34ec153994e5110b3cfef3','[["number", "src", 6, "number"]]','done',1,2199023255545,1,1,0.0,12,45,1735902640.1709635257,'','');
INSERT INTO task VALUES(13,3,3,1,'9dc5d966067fa984f4fd74bef728df33','[["number", "src", 1, "number"]]','done',1,2199023255550,1,1,0.0,13,46,1735902640.1752548217,'','');
INSERT INTO task VALUES(14,3,3,2,'142c12a1d4ad1a6e40e5c6c8a545757b','[["number", "src", 2, "number"]]','done',1,2199023255549,1,1,0.0,14,47,1735902640.1788041591,'','');
INSERT INTO task VALUES(15,3,3,3,'423f557cd8827b124416386ad444cf2f','[["number", "src", 3, "number"]]','done',1,2199023255548,1,1,0.0,21,54,1735902640.2039117813,'','');
INSERT INTO task VALUES(16,3,3,4,'c84dcfd3015f54e8e4f29d60addb7371','[["number", "src", 4, "number"]]','done',1,2199023255547,1,1,0.0,22,55,1735902640.2039117813,'','');
INSERT INTO task VALUES(17,3,3,5,'918ec99b876c0f9dfdc165f33d08e044','[["number", "src", 5, "number"]]','done',1,2199023255546,1,1,0.0,23,56,1735902640.2039117813,'','');
INSERT INTO task VALUES(18,3,3,6,'8eadfe0925f3532902f704f5beab2b9a','[["number", "src", 6, "number"]]','done',1,2199023255545,1,1,0.0,24,57,1735902640.2070438861,'','');
INSERT INTO task VALUES(19,4,4,1,'cb7538101ca59382846eab6fd0c0acfa','[["number", "a", 7, "number"], ["number", "b", 13, "number"]]','done',1,3298534883326,1,1,0.0,15,48,1735902640.1812782287,'','');
INSERT INTO task VALUES(20,4,4,2,'02d081a9d383eb831a4b32b61d61782c','[["number", "a", 8, "number"], ["number", "b", 14, "number"]]','done',1,3298534883325,1,1,0.0,16,49,1735902640.1835801601,'','');
INSERT INTO task VALUES(21,5,8,1,'5127f9382c6c5bc2ef4ba7a7276bf421','[["number", "mean", 15, "number"]]','done',1,4398046511102,1,1,0.0,17,50,1735902640.1874911785,'','');
INSERT INTO task VALUES(22,5,8,2,'6d42d77e43292a9b736cc28eb0f36dae','[["number", "mean", 16, "number"]]','done',1,4398046511101,1,1,0.0,18,51,1735902640.1918036937,'','');
INSERT INTO task VALUES(23,6,9,1,'f72cf588e9f62d3f7ffae2227f111442','[["number", "c", 17, "number"]]','done',0,5497558138878,1,1,0.0,19,107,1735902640.357509613,'ice','');
INSERT INTO task VALUES(24,6,9,2,'1ce879bee8861dcc88359bed005b004c','[["number", "c", 18, "number"]]','done',1,5497558138877,1,1,0.0,20,53,1735902640.1985528468,'','');
INSERT INTO task VALUES(25,7,10,1,'d2895c2dba869e716427dc197a725e08','[["number", "sel", 17, "number"]]','skipped',0,6597069766654,0,0,0.0,NULL,108,1735902640.357509613,'rejected by sel: ice','');
INSERT INTO task VALUES(26,7,10,2,'80a92787289a7caa6585cf199990c207','[["number", "sel", 18, "number"]]','done',1,6597069766653,0,0,0.0,NULL,79,1735902640.2460830211,'','');
INSERT INTO task VALUES(27,9,11,-1,'03a796992a6042d126f024be2b9949cd','{"items": [[17, "number"], [18, "number"]], "previous": null, "final": false}','done',1,6597069766654,1,1,0.0,25,58,1735902640.2114059925,'','');
INSERT INTO task VALUES(28,4,4,3,'b776d54f3d1fff19ff7e50fe94c533e4','[["number", "a", 9, "number"], ["number", "b", 21, "number"]]','done',1,3298534883324,1,1,0.0,26,59,1735902640.2133200168,'','');
INSERT INTO task VALUES(29,4,4,4,'5e8b377b3ec7fa4dc089efa4da6d122f','[["number", "a", 10, "number"], ["number", "b", 22, "number"]]','done',1,3298534883323,1,1,0.0,27,60,1735902640.2133200168,'','');
INSERT INTO task VALUES(30,4,4,5,'cd6971b24332bf396a910223dd08242a','[["number", "a", 11, "number"], ["number", "b", 23, "number"]]','done',1,3298534883322,1,1,0.0,28,61,1735902640.2133200168,'','');
INSERT INTO task VALUES(31,4,4,6,'b2b5294a117d3e22f039cfea2b9e2b46','[["number", "a", 12, "number"], ["number", "b", 24, "number"]]','done',1,3298534883321,1,1,0.0,34,82,1735902640.249903202,'','');
INSERT INTO task VALUES(32,10,13,-1,'45bc8bf10f94f9e5a969efcda479c9ca','[["total", "total", 25, "total"]]','done',1,7696581394430,1,1,0.0,29,62,1735902640.217991352,'','');
INSERT INTO task VALUES(33,5,8,3,'af7b720f53de8acbada21085060f0645','[["number", "mean", 26, "number"]]','failed',0,4398046511100,1,1,0.0,NULL,69,1735902640.233925104,'5.0 is no good: take another','');
INSERT INTO task VALUES(34,5,8,4,'f5b7b7e68a262a0f0fccb8cf643938a2','[["number", "mean", 27, "number"]]','done',1,4398046511099,1,1,0.0,30,70,1735902640.233925104,'','');
INSERT INTO task VALUES(35,5,8,5,'850bd9960b3aac229d3f561216831e31','[["number", "mean", 28, "number"]]','done',1,4398046511098,1,1,0.0,31,71,1735902640.233925104,'','');
INSERT INTO task VALUES(36,6,9,3,'','[]','skipped',0,5497558138876,0,0,0.0,NULL,72,1735902640.233925104,'c failed','');
INSERT INTO task VALUES(37,6,9,4,'0e5d420248eb51d2c226a4f4766ac677','[["number", "c", 30, "number"]]','done',1,5497558138875,1,1,0.0,32,75,1735902640.2395520209,'','');
INSERT INTO task VALUES(38,6,9,5,'3da0d789f5073adc83e2e7df7d91c9e6','[["number", "c", 31, "number"]]','done',1,5497558138874,1,1,0.0,33,76,1735902640.2395520209,'','');
INSERT INTO task VALUES(39,7,10,3,'','[]','skipped',0,6597069766652,0,0,0.0,NULL,73,1735902640.233925104,'c failed','');
INSERT INTO task VALUES(40,8,14,3,'','[]','skipped',0,7696581394428,0,0,0.0,NULL,74,1735902640.233925104,'c failed','');
INSERT INTO task VALUES(41,7,10,4,'9a23cad70b5aa6050917abebdbef8319','[["number", "sel", 30, "number"]]','done',1,6597069766651,0,0,0.0,NULL,80,1735902640.2460830211,'','');
INSERT INTO task VALUES(42,7,10,5,'2191c827ec31946b024662d8e191d2fb','[["number", "sel", 31, "number"]]','done',1,6597069766650,0,0,0.0,NULL,81,1735902640.2460830211,'','');
INSERT INTO task VALUES(43,9,11,-2,'84179cf990b34a7c113da4b20bff862b','{"items": [[30, "number"], [31, "number"]], "previous": 25, "final": false}','done',1,6597069766653,1,1,0.0,35,83,1735902640.249903202,'','');
INSERT INTO task VALUES(44,8,14,1,'f7d48c37690a82ba77c2336f68cc36a6','[["number", "hold", 17, "number"]]','done',1,7696581394430,1,1,0.0,36,84,1735902640.2535862922,'','');
INSERT INTO task VALUES(45,8,14,2,'c844d1efb013c17c730c9e3d42282c91','[["number", "hold", 18, "number"]]','done',1,7696581394429,1,1,0.0,37,85,1735902640.2559216022,'','');
INSERT INTO task VALUES(46,8,14,4,'c1b3ccf54d6aa0f7adb8c3b4de61faae','[["number", "hold", 30, "number"]]','done',1,7696581394427,1,1,0.0,38,86,1735902640.2581620216,'','');
INSERT INTO task VALUES(47,8,14,5,'c66eeb544d96a779838cfda34dc89e59','[["number", "hold", 31, "number"]]','done',1,7696581394426,1,1,0.0,39,87,1735902640.2603957652,'','');
INSERT INTO task VALUES(48,5,8,6,'deaa02bf1e70a35a5f7ba53974adf4e1','[["number", "mean", 34, "number"]]','done',1,4398046511097,1,1,0.0,41,89,1735902640.2659847736,'','');
INSERT INTO task VALUES(49,10,13,-2,'cf26ecc6bd99c91adb73597e47f6cc18','[["total", "total", 35, "total"]]','done',1,7696581394429,1,1,0.0,40,88,1735902640.2624313831,'','');
INSERT INTO task VALUES(50,6,9,6,'672e7ea076b6280aaeda23a7e833e097','[["number", "c", 41, "number"]]','done',1,5497558138873,1,1,0.0,42,102,1735902640.326470375,'10 is not below 9','');
INSERT INTO task VALUES(51,7,10,6,'371c5192e3cf7dfa09eea7fd7a1afdc1','[["number", "sel", 41, "number"]]','done',1,6597069766649,0,0,0.0,NULL,103,1735902640.326470375,'','');
INSERT INTO task VALUES(52,8,14,6,'','[]','skipped',0,7696581394425,0,0,0.0,NULL,92,1735902640.2691905498,'rejected by sel: 10 is not below 9','');
INSERT INTO task VALUES(53,8,15,3,'','[]','skipped',0,7696581394428,0,0,0.0,NULL,95,1735902640.3004362583,'c failed','');
INSERT INTO task VALUES(54,8,15,6,'6c30ddeb64f556e5b18e1320d7f5a79b','[["number", "hold", 41, "number"]]','done',1,7696581394425,1,1,0.0,47,105,1735902640.3343350888,'','');
INSERT INTO task VALUES(55,8,15,1,'e821e9af979b64322e1b2618697f42ec','[["number", "hold", 17, "number"]]','skipped',0,7696581394430,1,1,0.0,43,109,1735902640.357509613,'rejected by sel: ice','');
INSERT INTO task VALUES(56,8,15,2,'a8409775208c3e3bffde81287cd90851','[["number", "hold", 18, "number"]]','done',1,7696581394429,1,1,0.0,44,98,1735902640.3061442375,'','');
INSERT INTO task VALUES(57,8,15,4,'9f0ac0cd0afc1951641c096611111233','[["number", "hold", 30, "number"]]','done',1,7696581394427,1,1,0.0,45,99,1735902640.3083567619,'','');
INSERT INTO task VALUES(58,8,15,5,'13c5afd19fcb63a1f3eaed288bab5133','[["number", "hold", 31, "number"]]','done',1,7696581394426,1,1,0.0,46,100,1735902640.3099293709,'','');
INSERT INTO task VALUES(59,9,11,-3,'3a83a0760eb976b81d0078dc25f364ce','{"items": [[41, "number"]], "previous": 35, "final": true}','done',1,6597069766652,1,1,0.0,48,125,1735902640.4267735481,'','');
INSERT INTO task VALUES(60,10,13,-3,'85ba0d49231bace357c16b5ffe0935d8','[["total", "total", 48, "total"]]','done',1,7696581394428,1,1,0.0,49,127,1735902640.4304816722,'','');
CREATE TABLE link (
	id INTEGER NOT NULL, 
	step_id INTEGER NOT NULL, 
	port TEXT NOT NULL, 
	source_id INTEGER NOT NULL, 
	source_port TEXT NOT NULL, 
	CONSTRAINT pk_link PRIMARY KEY (id), 
	CONSTRAINT fk_link_source_id FOREIGN KEY(source_id) REFERENCES step (id), 
	CONSTRAINT fk_link_step_id FOREIGN KEY(step_id) REFERENCES step (id)
);
INSERT INTO link VALUES(1,2,'number',1,'number');
INSERT INTO link VALUES(2,3,'number',1,'number');
INSERT INTO link VALUES(3,4,'number',2,'number');
INSERT INTO link VALUES(4,4,'number',3,'number');
INSERT INTO link VALUES(5,11,'number',2,'number');
INSERT INTO link VALUES(6,12,'number',2,'number');
INSERT INTO link VALUES(7,13,'number',2,'number');
INSERT INTO link VALUES(8,5,'number',4,'number');
INSERT INTO link VALUES(9,6,'number',5,'number');
INSERT INTO link VALUES(10,7,'number',6,'number');
INSERT INTO link VALUES(11,9,'number',6,'number');
INSERT INTO link VALUES(12,8,'number',7,'number');
INSERT INTO link VALUES(13,10,'total',9,'total');
CREATE TABLE revision (
	id INTEGER NOT NULL, 
	step_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	parameters TEXT NOT NULL, 
	changed TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	fingerprint TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	who TEXT NOT NULL, 
	CONSTRAINT pk_revision PRIMARY KEY (id), 
	CONSTRAINT fk_revision_step_id FOREIGN KEY(step_id) REFERENCES step (id), 
	CONSTRAINT uq_revision_step_id_fingerprint UNIQUE (step_id, fingerprint), 
	CONSTRAINT uq_revision_step_id_number UNIQUE (step_id, number)
);
INSERT INTO revision VALUES(1,1,1,'{"folder": "numbers", "count": 10, "pace": 0.0, "close": true, "offset": 0.0, "impatient": false, "outside": false}','{"folder": "numbers"}',1,'248102b2c520b39c7b791265d765dc64',1735902640.0492398738,'');
INSERT INTO revision VALUES(2,2,1,'{"add": 1.0, "write": false, "seconds": 0.0, "log": null, "fail": ""}','{"add": 1}',1,'fe03947ac1cb9924a28afd87da7d8255',1735902640.0492398738,'');
INSERT INTO revision VALUES(3,3,1,'{"add": 3.0, "write": false, "seconds": 0.0, "log": null, "fail": ""}','{"add": 3}',1,'bc898148937e7516ac68f4e5f20d26c4',1735902640.0492398738,'');
INSERT INTO revision VALUES(4,4,1,'{}','{}',1,'b2d44d0b707ee7c1211d805929c34863',1735902640.0492398738,'');
INSERT INTO revision VALUES(5,11,1,'{"below": 6.0}','{"below": 6}',1,'96446390e24024d79e1f5f868990758f',1735902640.0492398738,'');
INSERT INTO revision VALUES(6,12,1,'{"step": "b", "add": 5.0, "enough": 3, "automatic": false}','{"step": "b", "enough": 3}',1,'cf206ecced93d5cbce8385ffe74dfe4e',1735902640.0492398738,'');
INSERT INTO revision VALUES(7,13,1,'{"step": "share", "add": 20.0, "enough": 4, "automatic": true}','{"step": "share", "enough": 4, "add": 20, "automatic": true}',1,'49063482f691dadf0b1c1c1467d121e6',1735902640.0492398738,'');
INSERT INTO revision VALUES(8,5,1,'{"add": 0.0, "write": true, "seconds": 0.0, "log": null, "fail": "item"}','{"add": 0, "fail": "item", "write": true}',1,'a0d3c9117adf777522df335b5befb098',1735902640.0492398738,'');
INSERT INTO revision VALUES(9,6,1,'{"below": 9.0}','{"below": 9}',1,'172245eaf21758438c8f448c121d8755',1735902640.0492398738,'');
INSERT INTO revision VALUES(10,7,1,'{"enough": 3}','{"enough": 3}',1,'7ba2c7fd8e0304c7a7d69787f8d174d2',1735902640.0492398738,'');
INSERT INTO revision VALUES(11,9,1,'{"empty": false, "full": 2, "broken": null}','{"full": 2}',1,'dd5aa275d1151f66221d0bb0b68d48ea',1735902640.0492398738,'');
INSERT INTO revision VALUES(12,8,1,'{"add": 10.0, "write": false, "seconds": 0.0, "log": null, "fail": ""}','{"add": 10}',1,'3014c334bbdb9af1bd75d87c67e4c250',1735902640.0492398738,'');
INSERT INTO revision VALUES(13,10,1,'{}','{}',1,'0a7e0bd672b6452ad76cbd7034415a96',1735902640.0492398738,'');
INSERT INTO revision VALUES(14,8,2,'{"add": 20.0, "write": false, "seconds": 0.0, "log": null, "fail": ""}','{"add": 20.0}',1,'d5994b2379a0a1d9ef56efc21511a77d',1735902640.2293515205,'tune');
INSERT INTO revision VALUES(15,8,3,'{"add": 30.0, "write": false, "seconds": 0.0, "log": null, "fail": ""}','{"add": 30}',1,'22fbe24bc41ca4315acec533986af913',1735902640.2954981326,'ada');
CREATE TABLE IF NOT EXISTS "alert" (
	id INTEGER NOT NULL, 
	step_id BIGINT, 
	"key" TEXT NOT NULL, 
	level TEXT NOT NULL, 
	message TEXT NOT NULL, 
	exposure TEXT, 
	raised DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	cleared DOUBLE, 
	acknowledged DOUBLE, 
	acknowledged_by TEXT NOT NULL, 
	offer TEXT, 
	adopted DOUBLE, 
	adopted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_alert PRIMARY KEY (id)
);
INSERT INTO alert VALUES(1,11,'toy.large','warning','9 is large',NULL,1735902640.2229101657,1735902640.2229101657,NULL,1735902640.3694734573,'ada',NULL,NULL,'');
INSERT INTO alert VALUES(2,12,'toy.better','notice','better',NULL,1735902640.2250232696,1735902640.2250232696,NULL,NULL,'','{"automatic": false, "changes": {"add": 5.0}, "step": "b"}',NULL,'');
INSERT INTO alert VALUES(3,13,'toy.better','notice','better',NULL,1735902640.2260160446,1735902640.2260160446,NULL,NULL,'','{"automatic": true, "changes": {"add": 20.0}, "step": "share"}',1735902640.231581211,'tune');
CREATE INDEX ix_arrival_waiting ON arrival (revision_id, task_id, id);
CREATE INDEX ix_command_state_time ON command (state, time);
CREATE INDEX ix_decision_exposure_id_step_id ON decision (exposure_id, step_id);
CREATE INDEX ix_exposure_state_id ON exposure (state, id);
CREATE INDEX ix_file_result_id ON file (result_id);
CREATE INDEX ix_input_result_id ON input (result_id);
CREATE INDEX ix_input_source_id ON input (source_id);
CREATE INDEX ix_part_revision_id_segment_id ON part (revision_id, segment_id);
CREATE INDEX ix_quality_exposure_id ON quality (exposure_id);
CREATE INDEX ix_quality_result_id ON quality (result_id);
CREATE INDEX ix_task_exposure_id ON task (exposure_id);
CREATE INDEX ix_task_queue ON task (revision_id, state, rank);
CREATE INDEX ix_task_serial ON task (revision_id, serial);
CREATE INDEX ix_alert_cleared ON alert (cleared);
COMMIT;
